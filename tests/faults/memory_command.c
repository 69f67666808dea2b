/* Each allocation of every subcommand fails once, alone and with all that follow. The command must
 * fail with one line, or do exactly what it does otherwise, with no wrong file and no leak. Among
 * allocations with the same call stack, only the first fails; with QUERN_TEST_LONG=1 each does. */
#include "command_walk.h"

#ifdef QUERN_WITH_ONNX
static const bool with_onnx = true;
#else
static const bool with_onnx = false;
#endif

/* --- The subcommands --- */

#define FLOWERS "--data", "../in/flowers.csv"
#define HOUSES  "--data", "../in/houses.csv", "--target", "price,days", "--task", "regression"
#define CLASSES                                                                                    \
  FLOWERS, "--hidden", "4", "--schedule", "constant", "--batch", "5", "--activation",              \
      "leaky-relu:0.2", "--normalize", "batch", "--dropout", "0.125", "--class-weights",           \
      "balanced"
#define NUMBERS                                                                                    \
  HOUSES, "--hidden", "4", "--loss", "huber:1.5", "--standardize", "--one-hot", "--missing", "mean"
#define IMAGES     "../in/some-images-idx3-ubyte"
#define CHECKPOINT "--checkpoint", "checkpoint.safetensors", "--log", "log.csv"

static void test_devices(void **state) {
  (void)state;
  walk_command(&(command_walk){.arguments = COMMAND("devices")});
  walk_command(&(command_walk){.arguments = COMMAND("devices", "--json")});
}

static void test_train(void **state) {
  (void)state;
  const written checkpoint = {.name = "checkpoint.safetensors",
                              .others = {"one.checkpoint", "two.checkpoint"}};
  walk_command(&(command_walk){.arguments = COMMAND("train", CLASSES, "--epochs", "3", CHECKPOINT,
                                                    "--save", "model.safetensors", "--write-config",
                                                    "train.conf", "--json"),
                               .files = {checkpoint,
                                         {.name = "log.csv", .rows = true},
                                         {.name = "model.safetensors"},
                                         {.name = "train.conf"}}});
  written resumed = checkpoint;
  resumed.start = "one.checkpoint";
  walk_command(&(command_walk){.arguments = COMMAND("train", CLASSES, "--epochs", "3", CHECKPOINT,
                                                    "--resume", "checkpoint.safetensors", "--save",
                                                    "model.safetensors", "--profile"),
                               .files = {resumed,
                                         {.name = "log.csv", .start = "one.csv", .rows = true},
                                         {.name = "model.safetensors"}}});
  walk_command(&(command_walk){
      .arguments = COMMAND("train", "--config", "../in/train.conf", "--log", "log.jsonl", "--save",
                           "model.safetensors"),
      .files = {{.name = "log.jsonl", .rows = true}, {.name = "model.safetensors"}}});
}

static void test_use(void **state) {
  (void)state;
  static const char *const models[] = {"../in/classes.safetensors", "../in/numbers.safetensors"};
  walk_command(&(command_walk){
      .arguments = COMMAND("eval", "--model", models[0], FLOWERS, "--plot", "matrix.svg"),
      .files = {{.name = "matrix.svg"}}});
  walk_command(&(command_walk){
      .arguments = COMMAND("eval", "--json", "--model", models[1], "--data", "../in/houses.csv")});
  walk_command(&(command_walk){.arguments = COMMAND("eval", "--show", "2", "--model",
                                                    "../in/images.safetensors", "--data", IMAGES,
                                                    "--class-names", "dark,bright")});
  walk_command(&(command_walk){.arguments = COMMAND("predict", "--model", models[0], FLOWERS)});
  walk_command(&(command_walk){
      .arguments = COMMAND("predict", "--model", models[1], "--data", "../in/houses.csv")});
  walk_command(&(command_walk){.arguments = COMMAND("inspect", models[0])});
  walk_command(&(command_walk){.arguments = COMMAND("inspect", "--json", "../in/one.checkpoint")});
}

static void test_convert(void **state) {
  (void)state;
  if (!with_onnx) return;
  walk_command(
      &(command_walk){.arguments = COMMAND("convert", "../in/classes.safetensors", "model.onnx"),
                      .files = {{.name = "model.onnx"}}});
  walk_command(&(command_walk){
      .arguments = COMMAND("convert", "../in/classes.onnx", "model.safetensors", "--json"),
      .files = {{.name = "model.safetensors"}}});
  walk_command(&(command_walk){.arguments = COMMAND("inspect", "../in/classes.onnx")});
}

static void test_plot(void **state) {
  (void)state;
  walk_command(&(command_walk){
      .arguments = COMMAND("plot", "../in/one.csv", "../in/log.jsonl", "-o", "curves.svg"),
      .files = {{.name = "curves.svg"}}});
#ifdef QUERN_WITH_CAIRO
  walk_command(&(command_walk){.arguments = COMMAND("plot", "../in/one.csv", "-o", "curves.png"),
                               .files = {{.name = "curves.png"}}});
#endif
}

static void test_measure(void **state) {
  (void)state;
  walk_command(&(command_walk){.arguments = COMMAND("verify", "--quick", "--op", "softmax"),
                               .reports = true});
  walk_command(&(command_walk){
      .arguments = COMMAND("verify", "--quick", "--op", "softmax", "--json"), .reports = true});
  walk_command(&(command_walk){.arguments = COMMAND("example")});
  walk_command(&(command_walk){.arguments = COMMAND("example", "--json")});
}

/* --- What they read --- */

static void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

static void write_tables(void) {
  write_text("../in/flowers.csv",
             "width,length,kind\n1.0,2.0,iris\n1.5,2.5,iris\n4.0,1.0,rose\n4.5,1.5,rose\n"
             "7.0,6.0,\"tulip, red\"\n7.5,6.5,\"tulip, red\"\n1.2,2.2,iris\n1.4,2.1,iris\n"
             "4.1,1.2,rose\n4.2,1.3,rose\n7.1,6.2,\"tulip, red\"\n7.2,6.1,\"tulip, red\"\n");
  write_text("../in/houses.csv",
             "rooms,town,age,price,days\n3,Ulm,10,200,5\n4,Bern,,310,7\n2,Ulm,30,120,9\n"
             "5,Graz,5,480,3\n3,Bern,20,250,6\n4,Graz,8,350,4\n1,Ulm,,90,12\n6,Bern,2,600,2\n"
             "2,Graz,40,110,10\n3,Ulm,15,190,5\n");
}

/* Two images of 2 rows of 3 pixels, and their classes. */
static void write_images(void) {
  static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0,   0,   0,   2,   0,   0,
                                         0, 3, 0, 0, 0, 0, 0, 0, 255, 255, 255, 128, 255, 255};
  static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
  write_bytes(IMAGES, images, sizeof images);
  write_bytes("../in/some-labels-idx1-ubyte", labels, sizeof labels);
}

static void make_inputs(void) {
  write_tables();
  write_images();
  command_walk_make(COMMAND("train", CLASSES, "--epochs", "1", "--checkpoint",
                            "../in/one.checkpoint", "--log", "../in/one.csv"));
  command_walk_make(COMMAND("train", CLASSES, "--epochs", "2", "--checkpoint",
                            "../in/two.checkpoint", "--log", "../in/log.jsonl", "--save",
                            "../in/classes.safetensors"));
  command_walk_make(COMMAND("train", NUMBERS, "--epochs", "2", "--write-config", "../in/train.conf",
                            "--save", "../in/numbers.safetensors"));
  command_walk_make(COMMAND("train", "--data", IMAGES, "--test", IMAGES, "--hidden", "3",
                            "--epochs", "2", "--save", "../in/images.safetensors"));
  if (with_onnx)
    command_walk_make(COMMAND("convert", "../in/classes.safetensors", "../in/classes.onnx"));
}

static int set_up(void **state) {
  (void)state;
  if (!command_walk_begin()) return -1;
  make_inputs();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  return command_walk_end() ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_devices), cmocka_unit_test(test_train), cmocka_unit_test(test_use),
      cmocka_unit_test(test_convert), cmocka_unit_test(test_plot),  cmocka_unit_test(test_measure)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
