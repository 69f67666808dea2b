/* Class labels as values: which classes they form, and the class of each. */
#ifndef QUERN_HOST_DATA_CLASSES_H
#define QUERN_HOST_DATA_CLASSES_H

#include "data.h"

/* True if a number can be a class label: a whole number that is exact in a double. */
bool quern__is_class_value(double value);

/* Sets the labels of a data set, whose rows must be set, from one value per row.
 *
 * Values 0 … k-1, each present, are the classes themselves. Other values are numbered in ascending
 * order and listed in the schema's target, which is created if missing. If options->schema is
 * given, its classes are used; if options->classes is, 0 … classes-1. Refuses values outside those,
 * and numbers of classes that quern__classes_check_count refuses. */
quern_status quern__dataset_set_class_values(quern_dataset *dataset, const double *values,
                                             const quern_dataset_options *options);

/* Sets the labels from values that are class numbers. */
quern_status quern__dataset_take_classes(quern_dataset *dataset, const double *classes);

/* Refuses so many classes that the labels are probably not classes, unless the options ask for
 * classes. The memory for a network grows with their number. */
quern_status quern__classes_check_count(const quern_dataset *dataset, size_t classes,
                                        const quern_dataset_options *options);

/* True if there are too many different texts or labels to be categories. */
bool quern__too_many_categories(size_t count, size_t rows);

/* Finds the class of a value in a schema of classes; false if it is none of them. */
bool quern__classes_find(const quern_schema *schema, double value, int32_t *label);

/* Returns the target that lists a schema's classes; NULL if they are 0 … outputs-1. */
const quern__schema_column *quern__classes_list(const quern_schema *schema);

typedef struct quern__classes_text {
  char text[160];
} quern__classes_text;

/* Returns "one of the classes that were trained on: -1, 1", for messages. */
quern__classes_text quern__classes_expected(const quern_schema *schema);

/* Returns such a text if only the number of classes is known. */
quern__classes_text quern__classes_below(size_t count);

/* Renumbers the labels of a data set by the classes of another's schema, and copies its list of
 * classes. Labels that were given as class numbers stay. */
quern_status quern__dataset_share_classes(quern_dataset *dataset, const quern_schema *schema);

#endif
