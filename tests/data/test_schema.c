/* Schemas as text: the same after writing and reading; and errors. */
#include "data/schema.h"
#include "temporary.h"

#include <math.h>

static quern_schema *parse(const char *text) {
  quern_schema *schema;
  if (quern__schema_parse("a file", text, &schema) != QUERN_OK) fail_msg("%s", quern_last_error());
  return schema;
}

static void round_trip(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{\"task\":\"classes\",\"columns\":3,\"outputs\":2,\"fields\":4,\"inputs\":[{\"name\":\"a "
      "\\\"b\\\"\",\"place\":0},{\"place\":3,\"categories\":[\"\",\"\303\244,\\n\"]}],\"targets\":["
      "{\"name\":\"\",\"place\":1,\"categories\":[\"no\",\"yes\"]}],\"fill\":[0,0.1,-1e-300]}",
      "{\"task\":\"regression\",\"columns\":1,\"outputs\":2,\"fields\":0,\"mean\":[0."
      "10000000000000002],\"deviation\":[4.94065645841247e-324],\"target_mean\":[1,2],\"target_"
      "deviation\":[1.7976931348623156e+38,3]}",
      "{\"task\":\"labels\",\"columns\":1,\"outputs\":5,\"fields\":0}",
      "{\"task\":\"classes\",\"columns\":1,\"outputs\":2,\"fields\":0,\"targets\":[{\"place\":0,"
      "\"values\":[-1,9007199254740992]}]}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    quern_schema *schema = parse(texts[i]), *copy;
    char *text;
    assert_int_equal(quern__schema_copy(schema, &copy), QUERN_OK);
    quern__schema_free(schema);
    assert_true(quern__schema_has_more(copy));
    assert_int_equal(quern__schema_print(copy, &text), QUERN_OK);
    assert_string_equal(text, texts[i]);
    free(text);
    quern__schema_free(copy);
  }
  quern_schema *schema = parse(texts[1]);
  assert_true(schema->mean[0] == 0.10000000000000002 && schema->deviation[0] == 0x1p-1074);
  assert_true(schema->target_deviation[0] == 1.7976931348623156e+38);
  quern__schema_free(schema);
}

#define BEGIN  "{\"task\":\"classes\",\"columns\":2,\"outputs\":2,\"fields\":3,"
#define INPUTS "\"inputs\":[{\"place\":0},{\"place\":1}],"
#define TARGET "\"targets\":[{\"place\":2}]"

static void refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *error;
  } cases[] = {
      {"", "not valid JSON"},
      {"{} x", "not valid JSON"},
      {"[1]", "expected an object"},
      {"{}", "\"task\": expected none, classes, labels or regression"},
      {"{\"task\":\"guess\"}", "\"task\": expected none"},
      {"{\"task\":1}", "\"task\": expected none"},
      {BEGIN INPUTS TARGET ",\"more\":1}", "\"more\": expected only known fields"},
      {BEGIN INPUTS TARGET ",\"fields\":3}", "\"fields\": expected it only once"},
      {"{\"task\":\"labels\",\"columns\":1,\"outputs\":1}", "\"fields\": expected a whole number"},
      {"{\"task\":\"labels\",\"columns\":1.5,\"outputs\":1,\"fields\":0}",
       "\"columns\": expected a whole number"},
      {"{\"task\":\"labels\",\"columns\":-1,\"outputs\":1,\"fields\":0}",
       "\"columns\": expected a whole number"},
      {"{\"task\":\"labels\",\"columns\":1e300,\"outputs\":1,\"fields\":0}",
       "\"columns\": expected a whole number"},
      {"{\"task\":\"labels\",\"columns\":0,\"outputs\":1,\"fields\":0}",
       "\"columns\": expected as many"},
      {"{\"task\":\"labels\",\"columns\":1,\"outputs\":0,\"fields\":0}",
       "\"outputs\": expected at least one"},
      {"{\"task\":\"none\",\"columns\":1,\"outputs\":1,\"fields\":0}",
       "\"outputs\": expected at least one"},
      {BEGIN "\"inputs\":[{\"place\":0}]," TARGET "}",
       "\"columns\": expected as many as the inputs make"},
      {BEGIN "\"inputs\":[{\"place\":0},{\"place\":3}]," TARGET "}",
       "\"place\": expected a column of the table"},
      {BEGIN "\"inputs\":[{\"place\":0},{}]," TARGET "}", "\"place\": expected a whole number"},
      {BEGIN "\"inputs\":{}," TARGET "}", "\"inputs\": expected a list of columns"},
      {BEGIN "\"inputs\":[0,1]," TARGET "}", "expected an object"},
      {BEGIN INPUTS "\"targets\":[]}", "\"targets\": expected as many as the task has"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"categories\":[\"a\"]}]}",
       "\"categories\": expected a name for each class"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"categories\":[\"b\",\"a\"]}]}",
       "\"categories\": expected texts in the order"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"categories\":[\"a\",\"a\"]}]}",
       "\"categories\": expected texts in the order"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"categories\":[1,2]}]}",
       "\"categories\": expected a list of texts"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"values\":[1,1]}]}",
       "\"values\": expected whole numbers"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"values\":[1,2.5]}]}",
       "\"values\": expected whole numbers"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"values\":[1,1e16]}]}",
       "\"values\": expected whole numbers"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"values\":[]}]}",
       "\"values\": expected a number for each"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"values\":[1]}]}",
       "\"categories\": expected a name"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"categories\":[\"a\",\"b\"],\"values\":[1,2]}]}",
       "\"values\": expected no categories as well"},
      {BEGIN "\"inputs\":[{\"place\":0,\"values\":[1]},{\"place\":1}]," TARGET "}",
       "\"values\": expected them only for classes"},
      {"{\"task\":\"classes\",\"columns\":1,\"outputs\":2,\"fields\":0,\"targets\":[{\"place\":0}]"
       "}",
       "\"targets\": expected its classes"},
      {BEGIN INPUTS "\"targets\":[{\"place\":2,\"name\":2}]}", "\"name\": expected a text"},
      {BEGIN INPUTS TARGET ",\"fill\":[1]}", "\"fill\": expected a number for each column"},
      {BEGIN INPUTS TARGET ",\"fill\":[1,\"2\"]}", "\"fill\": expected finite numbers"},
      {BEGIN INPUTS TARGET ",\"fill\":[1,1e999]}", "\"fill\": expected finite numbers"},
      {BEGIN INPUTS TARGET ",\"fill\":[1,1e39]}",
       "\"fill\": expected finite numbers, none larger than a float"},
      {BEGIN INPUTS TARGET ",\"mean\":[1,-1e39],\"deviation\":[1,1]}",
       "\"mean\": expected finite numbers"},
      {BEGIN INPUTS TARGET ",\"mean\":[1,2]}", "\"mean\": expected a deviation as well"},
      {BEGIN INPUTS TARGET ",\"mean\":[1,2],\"deviation\":[1,0]}",
       "\"deviation\": expected numbers above 0"},
      {BEGIN INPUTS TARGET ",\"mean\":[1,2],\"deviation\":[1,-1]}",
       "\"deviation\": expected numbers above 0"},
      {BEGIN INPUTS TARGET ",\"target_mean\":[1,2],\"target_deviation\":[1,1]}",
       "it only for regression"},
      {"{\"task\":\"labels\",\"columns\":2147483647,\"outputs\":1,\"fields\":0,\"mean\":[1]}",
       "\"mean\": expected a number for each"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_schema *schema = (quern_schema *)(uintptr_t)1;
    assert_int_equal(quern__schema_parse("a file", cases[i].text, &schema), QUERN_ERROR_FORMAT);
    assert_null(schema);
    assert_error_says("a file: schema: ", cases[i].error, NULL);
  }
  quern__schema_free(parse(BEGIN INPUTS TARGET "}"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(refused)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
