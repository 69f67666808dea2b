/* The picture of a confusion matrix. */
#include "picture.h"

/* A box per cell that is not zero, with its number. */
static void test_confusion(void **state) {
  (void)state;
  const char *model = path_of("model.safetensors"), *svg_path = path_of("matrix.svg");
  run_well(run(DIGITS, "--epochs", "2", "--save", model));
  command_result result =
      run("eval", "--model", model, "--data", "digits", "--device", "reference", "--plot", svg_path,
          "--class-names", "0,1,2,3,4,5,6,seven,eight,a < b", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  size_t cells = 0;
  const cJSON *row, *cell;
  char *svg = read_text(svg_path);
  assert_inside(svg);
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "confusion")) {
    cJSON_ArrayForEach(cell, row) {
      if (cell->valueint == 0) continue;
      char text[32];
      cells++;
      snprintf(text, sizeof text, ">%d</text>", cell->valueint);
      assert_says(svg, text);
    }
  }
  assert_int_equal(count(svg, "<rect "), cells + 1); /* and the background */
  assert_int_equal(count(svg, ">seven</text>"), 2);
  assert_int_equal(count(svg, ">a &lt; b</text>"), 2);
  free(svg);
  cJSON_Delete(json);
  result_free(&result);
  assert_png(path_of("matrix.png"),
             run("eval", "--model", path_of("model.safetensors"), "--data", "digits", "--device",
                 "reference", "--plot", path_of("matrix.png")));
  assert_one_line(
      run("eval", "--model", path_of("model.safetensors"), "--data", "digits", "--plot", "matrix"),
      1, PARTS("matrix", ".svg or .png"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_confusion),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
