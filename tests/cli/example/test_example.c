/* The worked example against the float64 values in its errata. */
#include "../command.h"

#include <math.h>

#define TOLERANCE 1e-5

typedef struct expected {
  const char *key;
  int rows, columns; /* rows 1: a flat list; both 1: a number */
  double values[9];
} expected;

static const expected forward[] = {
    {"z1", 1, 3, {1.35, 1.27, 1.8}},
    {"h1", 1, 3, {1.35, 1.27, 1.8}},
    {"z2", 1, 3, {2.731, 2.76, 4.004}},
    {"h2", 1, 3, {0.938831289, 0.940475634, 0.982084305}},
    {"z3", 1, 3, {1.867067972, 2.230282321, 2.823036033}},
    {"o", 1, 3, {0.198446894, 0.28535553, 0.516197575}},
    {.key = NULL},
};

static const expected categorical[] = {
    {"loss", 1, 1, {1.617233750}},
    {"dE_dz3", 1, 3, {-0.801553106, 0.28535553, 0.516197575}},
    {"dE_dz2", 1, 3, {0.025666753, 0.003500083, 0.002126716}},
    {"dE_dz1", 1, 3, {0.007246733, 0.010938768, 0.018501458}},
    {"dWkl",
     3,
     3,
     {-.752523136, .267900701, .484622435, -.753841165, .268369923, .485471242, -.787192725,
      .280243188, .506949537}},
    {"dWjk",
     3,
     3,
     {.034650116, .004725112, .002871066, .032596776, .004445105, .002700929, .046200155,
      .006300149, .003828089}},
    {"dWij",
     3,
     3,
     {.000724673, .001093877, .001850146, .001449347, .002187754, .003700292, .005072713,
      .007657138, .012951020}},
    {"Wkl",
     3,
     3,
     {.107525231, .397320993, .795153776, .307538412, .697316301, .195145288, .507871927,
      .197197568, .894930505}},
    {"Wjk",
     3,
     3,
     {.199653499, .299952749, .499971289, .299674032, .499955549, .699972991, .599537998,
      .399936999, .799961719}},
    {"Wij",
     3,
     3,
     {.099992753, .199989061, .299981499, .299985507, .199978122, .699962997, .399949273,
      .299923429, .899870490}},
    {.key = NULL},
};

static const expected elementwise[] = {
    {"loss", 1, 1, {2.679282524}},
    {"dE_dz3", 1, 3, {-1.092527185, 0.266248277, 0.826278908}},
    {"dE_dz2", 1, 3, {0.037802521, 0.001336351, 0.004409890}},
    {"dE_dz1", 1, 3, {0.010166354, 0.015095855, 0.026743965}},
    {"dE_do", 1, 3, {-1 / 0.198446894, 1 / (1 - 0.28535553), 1 / (1 - 0.516197575)}},
    {"dWkl",
     3,
     3,
     {-1.025698706, .249962213, .775736493, -1.027495197, .250400017, .777095180, -1.072953801,
      .261478254, .811475547}},
    {"dWjk",
     3,
     3,
     {.051033403, .001804074, .005953352, .048009201, .001697166, .005600560, .068044537,
      .002405432, .007937802}},
    {"dWij",
     3,
     3,
     {.001016635, .001509585, .002674396, .002033271, .003019171, .005348793, .007116448,
      .010567098, .018720775}},
    {"Wkl",
     3,
     3,
     {.110256987, .397500378, .792242635, .310274952, .697496000, .192229048, .510729538,
      .197385217, .891885245}},
    {"Wjk",
     3,
     3,
     {.199489666, .299981959, .499940466, .299519908, .499983028, .699943994, .599319555,
      .399975946, .799920622}},
    {"Wij",
     3,
     3,
     {.099989834, .199984904, .299973256, .299979667, .199969808, .699946512, .399928836,
      .299894329, .899812792}},
    {.key = NULL},
};

static void assert_near(const char *key, const cJSON *number, double value) {
  if (!cJSON_IsNumber(number)) fail_msg("%s: no number", key);
  if (!(fabs(number->valuedouble - value) <= TOLERANCE))
    fail_msg("%s: %.9g, expected %.9g", key, number->valuedouble, value);
}

static void assert_expected(const cJSON *json, const expected *wanted) {
  for (; wanted->key != NULL; wanted++) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, wanted->key);
    if (wanted->columns == 1) {
      assert_near(wanted->key, item, wanted->values[0]);
      continue;
    }
    if (wanted->rows > 1) assert_int_equal(cJSON_GetArraySize(item), wanted->rows);
    for (int row = 0; row < wanted->rows; row++) {
      const cJSON *list = wanted->rows > 1 ? cJSON_GetArrayItem(item, row) : item;
      assert_int_equal(cJSON_GetArraySize(list), wanted->columns);
      for (int column = 0; column < wanted->columns; column++)
        assert_near(wanted->key, cJSON_GetArrayItem(list, column),
                    wanted->values[row * wanted->columns + column]);
    }
  }
}

static void check_values(const char *loss, const char *device, const expected *wanted) {
  command_result result = run("example", "--loss", loss, "--device", device, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_string_equal(json_text(json, "loss_name"), loss);
  assert_true(strlen(json_text(json, "device")) > 0);
  assert_expected(json, forward);
  assert_expected(json, wanted);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_values(void **state) {
  (void)state;
  static const char *const devices[] = {"auto", "reference"};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    check_values("elementwise", devices[i], elementwise);
    check_values("categorical", devices[i], categorical);
  }
}

/* The table's line that begins with `stage`; the caller frees it. */
static char *line_of(const char *table, const char *stage) {
  const char *line = table;
  while (line != NULL && strncmp(line, stage, strlen(stage)) != 0) {
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  if (line == NULL) fail_msg("no stage \"%s\"", stage);
  return strndup(line, strcspn(line, "\n"));
}

static void test_table_explains_every_slip(void **state) {
  (void)state;
  command_result result = run("example");
  assert_code(&result, 0);
  /* A part of each row of the errata: what is printed, and why it is wrong. */
  static const char *const parts[] = {"0.5         0.2         0.9",
                                      "misprint in the example of layer 1",
                                      "4.001",
                                      "exp z / Σ exp z",
                                      "0.985",
                                      "base-10 logarithms",
                                      "the sign of the (1-y) log(1-o) term's derivative is lost",
                                      "0.3685",
                                      "the diagonal of the softmax Jacobian alone",
                                      "a stray factor",
                                      "0.305543 0.205849 0.505779 0.906098",
                                      "0.058156",
                                      "-0.1204 -0.4978; -0.2107 -0.1245;",
                                      "W_k2l3 for W_k3l3",
                                      "0.8003813",
                                      "only the diagonal of W_jk",
                                      "-0.0007245"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_says(result.out, parts[i]);
  static const struct {
    const char *stage;
    bool differs;
  } lines[] = {{"z1 = ", false}, {"h1 = ", false},      {"relu'(z1)", false}, {"dE/dz2", false},
               {"z2 = ", true},  {"o = ", true},        {"E  ", true},        {"dE/do ", true},
               {"dE/dz3", true}, {"sigmoid'(z2)", true}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char *line = line_of(result.out, lines[i].stage);
    if ((strchr(line, '*') != NULL) != lines[i].differs) fail_msg("marked wrong: \"%s\"", line);
    free(line);
  }
  result_free(&result);
}

static void test_table_fits_a_terminal(void **state) {
  (void)state;
  command_result result = run("example", "--loss", "categorical");
  assert_code(&result, 0);
  assert_says(result.out, "another loss");
  size_t columns = 0;
  for (const char *cursor = result.out; *cursor != '\0'; cursor++) {
    columns = *cursor == '\n' ? 0 : columns + (((unsigned char)*cursor & 0xC0) != 0x80);
    assert_true(columns <= 100);
  }
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_table_explains_every_slip),
      cmocka_unit_test(test_table_fits_a_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
