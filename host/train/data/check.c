/* Checks that a data set fits a network. */
#include "check.h"

#include "../../base/error.h"
#include "../../data/dataset.h"
#include "../../data/schema.h"
#include "../../network/plan.h"

quern_status quern__check_samples(const quern_network *network, const quern_dataset *dataset) {
  const quern__shape *shape = &network->shape;
  if (dataset->columns != shape->inputs)
    return quern__fail(QUERN_ERROR_SHAPE, "%s: has %zu columns, but the network has %zu inputs",
                       dataset->source, dataset->columns, shape->inputs);
  if (dataset->has_missing)
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: its missing values have not been filled: call quern_dataset_fit first",
                       dataset->source);
  if (network->schema != NULL && !quern__schema_prepares_alike(network->schema, dataset->schema))
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: is not prepared like the network's training data: open it with the "
                       "schema of quern_network_schema, or apply that schema",
                       dataset->source);
  return QUERN_OK;
}

quern_status quern__check_targets(const quern_network *network, const quern_dataset *dataset) {
  const quern_schema *schema = dataset->schema;
  const quern_loss loss = network->shape.loss;
  const size_t outputs = quern__shape_outputs(&network->shape);
  if (schema->task == QUERN_TASK_NONE)
    return quern__fail(QUERN_ERROR_DATA, "%s: has nothing to predict, expected labels or targets",
                       dataset->source);
  if (schema->task != QUERN_TASK_CLASSES) {
    if (!quern__loss_takes_targets(loss))
      return quern__fail(QUERN_ERROR_DATA,
                         "%s: has %zu %s to predict, but the %s loss expects one class per sample",
                         dataset->source, schema->outputs,
                         schema->task == QUERN_TASK_LABELS ? "labels" : "numbers",
                         quern_loss_name(loss));
    if (schema->outputs != outputs)
      return quern__fail(QUERN_ERROR_SHAPE,
                         "%s: has %zu targets per sample, but the network has %zu outputs",
                         dataset->source, schema->outputs, outputs);
    if (loss != QUERN_LOSS_BINARY) return QUERN_OK;
    for (size_t i = 0; i < dataset->rows * outputs; i++) {
      const float target = dataset->targets[i];
      if (target >= 0.0f && target <= 1.0f) continue;
      return quern__fail(QUERN_ERROR_DATA,
                         "%s: target %zu of sample %zu is %g, expected 0 to 1 for the binary loss",
                         dataset->source, i % outputs, i / outputs, (double)target);
    }
    return QUERN_OK;
  }
  if (schema->outputs <= outputs) return QUERN_OK;
  size_t row = 0;
  while (row < dataset->rows && (size_t)dataset->labels[row] < outputs) row++;
  if (row == dataset->rows) return QUERN_OK; /* the schema knows more classes than the data has */
  return quern__fail(
      QUERN_ERROR_DATA,
      "%s: the label of sample %zu is %d, expected 0 to %zu: the network has %zu outputs",
      dataset->source, row, (int)dataset->labels[row], outputs - 1, outputs);
}

quern_status quern__check_classes(const quern_schema *schema, const quern_dataset *dataset) {
  const bool both =
      schema->task == QUERN_TASK_CLASSES && dataset->schema->task == QUERN_TASK_CLASSES;
  if (!both || dataset->labels_are_classes || quern__schema_classes_alike(schema, dataset->schema))
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_DATA,
                     "%s: its labels are not numbered like the training data's: open it with the "
                     "schema of the training data or of the network, or apply that schema",
                     dataset->source);
}

quern_status quern__check_measured(const quern_network *network, const quern_dataset *dataset) {
  const quern_schema *own = dataset->schema;
  if (network->schema != NULL) return quern__check_classes(network->schema, dataset);
  if (own->task != QUERN_TASK_CLASSES || own->targets.count == 0 ||
      own->targets.items[0].values == NULL)
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_DATA,
                     "%s: its labels are numbered by their order, but the network has no schema "
                     "with its classes: set the schema of its training data, or, if the labels are "
                     "class numbers, open this with the option classes",
                     dataset->source);
}
