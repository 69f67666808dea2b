/* Class labels as values: which classes they make, and the class of each. */
#ifndef QUERN_HOST_DATA_CLASSES_H
#define QUERN_HOST_DATA_CLASSES_H

#include "data.h"

/* Whether a number can be a class label: whole, and exact in a double. */
bool quern__is_class_value(double value);

/* Makes the labels of a data set, whose rows are set, of a value a row. Values 0 … k-1, each of
 * them there, are the classes themselves. Others are numbered in their order and become values of
 * the schema's target, which is made where there is none. options->schema says the classes where it
 * is given, and options->classes how many there are. Refused are values that are none of those, and
 * more classes than quern__classes_check_count takes. */
quern_status quern__dataset_set_class_values(quern_dataset *dataset, const double *values,
                                             const quern_dataset_options *options);

/* The same of values that are the classes themselves. */
quern_status quern__dataset_take_classes(quern_dataset *dataset, const double *classes);

/* Refuses so many classes that the labels look like something else, unless the options ask for
 * classes. Memory for a network is in proportion to them. */
quern_status quern__classes_check_count(const quern_dataset *dataset, size_t classes,
                                        const quern_dataset_options *options);

/* Whether there are so many different texts or labels that they are hardly categories. */
bool quern__too_many_categories(size_t count, size_t rows);

/* The class of a value by a schema of classes; false where it has none of it. */
bool quern__classes_find(const quern_schema *schema, double value, int32_t *label);

/* The target of a schema of classes that lists them; NULL where they are 0 … outputs-1. */
const quern__schema_column *quern__classes_list(const quern_schema *schema);

typedef struct quern__classes_text {
  char text[160];
} quern__classes_text;

/* "one of the classes that were trained on: -1, 1", for messages. */
quern__classes_text quern__classes_expected(const quern_schema *schema);

/* The same where only the count of classes is known. */
quern__classes_text quern__classes_below(size_t count);

/* Numbers the labels of a data set by the classes of another's schema, and takes over its list.
 * Labels that were given as class numbers stay. */
quern_status quern__dataset_share_classes(quern_dataset *dataset, const quern_schema *schema);

#endif
