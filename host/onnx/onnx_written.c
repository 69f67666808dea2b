#include "onnx_written.h"

#include "../functions/activation.h"
#include <stdio.h>
#include <string.h>

const char *quern__onnx_activation_operator(quern_activation_kind kind) {
  return quern__activation_info_of(kind)->onnx_operator;
}

bool quern__onnx_activation_find(const char *operator_name, quern_activation_kind *kind) {
  for (unsigned k = 0; quern_activation_name((quern_activation_kind)k) != NULL; k++) {
    const char *name = quern__onnx_activation_operator((quern_activation_kind)k);
    if (name == NULL || strcmp(name, operator_name) != 0) continue;
    *kind = (quern_activation_kind)k;
    return true;
  }
  return false;
}

const struct quern__onnx_number_row quern__onnx_number_rows[QUERN__ONNX_NUMBER_COUNT] = {
#define ROW(name, text, value) {text, value},
    QUERN__ONNX_NUMBERS(ROW)
#undef ROW
};

/* Operands of a step: z, the result of step 0, 1, …, a number, or none. */
enum { Z = -1, NONE = -2 };
#define NUMBER(name) (100 + QUERN__ONNX_##name)

/* After the last step. */
#define END                                                                                        \
  {                                                                                                \
    NULL, {                                                                                        \
      NONE, NONE, NONE                                                                             \
    }                                                                                              \
  }

typedef struct recipe_step {
  const char *operator_name;                /* NULL after the last step */
  int operands[QUERN__ONNX_WRITTEN_INPUTS]; /* NONE after the last */
} recipe_step;

static const struct {
  quern_activation_kind kind;
  recipe_step steps[QUERN__ONNX_WRITTEN_MOST + 1];
} recipes[] = {
    {QUERN_ACTIVATION_SILU, {{"Sigmoid", {Z, NONE, NONE}}, {"Mul", {Z, 0, NONE}}, END}},
    {QUERN_ACTIVATION_GELU,
     {{"Mul", {Z, NUMBER(ROOT_HALF), NONE}},
      {"Erf", {0, NONE, NONE}},
      {"Add", {1, NUMBER(ONE), NONE}},
      {"Mul", {Z, 2, NONE}},
      {"Mul", {3, NUMBER(HALF), NONE}},
      END}},
    {QUERN_ACTIVATION_GELU_TANH,
     {{"Mul", {Z, Z, NONE}},
      {"Mul", {Z, 0, NONE}},
      {"Mul", {1, NUMBER(GELU_CUBE), NONE}},
      {"Add", {Z, 2, NONE}},
      {"Mul", {3, NUMBER(ROOT_TWO_BY_PI), NONE}},
      {"Tanh", {4, NONE, NONE}},
      {"Add", {5, NUMBER(ONE), NONE}},
      {"Mul", {Z, 6, NONE}},
      {"Mul", {7, NUMBER(HALF), NONE}},
      END}},
    {QUERN_ACTIVATION_RELU6, {{"Clip", {Z, NUMBER(ZERO), NUMBER(SIX)}}, END}},
    {QUERN_ACTIVATION_HARDTANH, {{"Clip", {Z, NUMBER(MINUS_ONE), NUMBER(ONE)}}, END}},
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

void quern__onnx_set_node(quern__onnx_node *node, const char *operator_name, char *name,
                          char **inputs, size_t input_count, char **outputs) {
  quern__onnx__node_proto__init(node);
  node->op_type = quern__onnx_text(operator_name);
  node->name = name;
  node->input = inputs;
  node->n_input = input_count;
  node->output = outputs;
  node->n_output = 1;
}

static char *operand_name(quern__onnx_written *written, int which, char *z, bool *used) {
  if (which == Z) return z;
  if (which < NUMBER(ONE)) return written->nodes[which].output.text;
  used[which - NUMBER(ONE)] = true;
  return quern__onnx_text(quern__onnx_number_rows[which - NUMBER(ONE)].name);
}

/* Names end with the step's number, except the last step's, whose output is the layer's. */
static void add_node(quern__onnx_written *written, const recipe_step *step, size_t index, bool last,
                     char *z, bool *used) {
  quern__onnx_written_node *node = &written->nodes[written->count];
  char number[24] = "";
  if (!last) snprintf(number, sizeof number, ".%zu", written->count);
  snprintf(node->name.text, sizeof node->name.text, "%zu.activation%.4s", index, number);
  snprintf(node->output.text, sizeof node->output.text, "%zu.h%.4s", index, number);
  size_t inputs = 0;
  for (; inputs < QUERN__ONNX_WRITTEN_INPUTS && step->operands[inputs] != NONE; inputs++)
    node->inputs[inputs] = operand_name(written, step->operands[inputs], z, used);
  node->outputs[0] = node->output.text;
  quern__onnx_set_node(&node->node, step->operator_name, node->name.text, node->inputs, inputs,
                       node->outputs);
  written->count++;
}

bool quern__onnx_write_activation(quern__onnx_written *written, size_t index,
                                  quern_activation activation, char **value,
                                  bool used[QUERN__ONNX_NUMBER_COUNT]) {
  const recipe_step one[] = {{quern__onnx_activation_operator(activation.kind), {Z, NONE, NONE}},
                             END};
  const recipe_step *steps = one;
  for (size_t i = 0; i < RECIPES; i++)
    if (recipes[i].kind == activation.kind) steps = recipes[i].steps;
  if (steps->operator_name == NULL) return false;
  written->count = 0;
  for (; steps->operator_name != NULL; steps++)
    add_node(written, steps, index, steps[1].operator_name == NULL, *value, used);
  quern__onnx_written_node *last = &written->nodes[written->count - 1];
  *value = last->output.text;
  if (!quern__activation_info_of(activation.kind)->has_slope) return true;
  quern__onnx__attribute_proto__init(&written->alpha);
  written->alpha.name = quern__onnx_text("alpha");
  written->alpha.has_type = written->alpha.has_f = true;
  written->alpha.type = QUERN__ONNX_ATTRIBUTE_FLOAT;
  written->alpha.f = activation.slope;
  written->attributes[0] = &written->alpha;
  last->node.attribute = written->attributes;
  last->node.n_attribute = 1;
  return true;
}
