/* IDX files: valid ones, and every error. */
#include "temporary.h"

#define IMAGES "some-images-idx3-ubyte"
#define LABELS "some-labels-idx1-ubyte"

/* Three images of 2 x 3 pixels. */
static const unsigned char good_images[] = {0,  0,  8,  3,  0,  0,  0,  3,  0,  0,  0,  2,
                                            0,  0,  0,  3,  0,  1,  2,  3,  4,  5,  10, 11,
                                            12, 13, 14, 15, 20, 21, 22, 23, 24, 255};
static const unsigned char good_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 6};

/* The valid files with one of them changed. */
static void write_good(void) {
  write_bytes(path_of(IMAGES), good_images, sizeof good_images);
  write_bytes(path_of(LABELS), good_labels, sizeof good_labels);
}

static void check_good(const quern_dataset *dataset) {
  assert_int_equal(quern_dataset_rows(dataset), 3);
  assert_int_equal(quern_dataset_columns(dataset), 6);
  assert_int_equal(quern_dataset_classes(dataset), 3);
  size_t height = 0, width = 0;
  assert_true(quern_dataset_image_size(dataset, &height, &width));
  assert_int_equal(height, 2);
  assert_int_equal(width, 3);
  float values[6];
  for (size_t row = 0; row < 3; row++) {
    assert_int_equal(label_of(dataset, row), good_labels[8 + row]);
    quern_dataset_values(dataset, row, values);
    for (size_t i = 0; i < 6; i++)
      assert_true(values[i] == (float)good_images[16 + row * 6 + i] * (1.0f / 255.0f));
  }
}

static void plain_and_gzip(void **state) {
  (void)state;
  write_good();
  quern_dataset *dataset = open_one(path_of(IMAGES), NULL);
  check_good(dataset);
  assert_string_equal(quern_dataset_source(dataset), path_of(IMAGES));
  quern_dataset_free(dataset);

  write_gzip(path_of("x-images.idx3-ubyte.gz"), good_images, sizeof good_images);
  write_gzip(path_of("x-labels.idx1-ubyte.gz"), good_labels, sizeof good_labels);
  dataset = open_one(path_of("x-images.idx3-ubyte.gz"), NULL);
  check_good(dataset);
  quern_dataset_free(dataset);
}

static void images_with_byte(size_t place, unsigned char byte) {
  unsigned char images[sizeof good_images];
  memcpy(images, good_images, sizeof images);
  images[place] = byte;
  write_bytes(path_of(IMAGES), images, sizeof images);
}

static void wrong_magic(void **state) {
  (void)state;
  write_good();
  images_with_byte(1, 7);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "byte 0", "0x00070803", "expected 0x00000803", NULL);
  images_with_byte(2, 0x0d);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "byte 2", "type 0x0d", "expected 0x08", NULL);
  images_with_byte(3, 4);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "byte 3", "4 dimensions", "expected 3", NULL);

  /* Labels in place of images, and images in place of labels. */
  assert_open_fails(path_of(LABELS), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(LABELS, "byte 3", "1 dimensions", "expected 3", NULL);
  write_good();
  write_bytes(path_of(LABELS), good_images, sizeof good_images);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(LABELS, "byte 3", "3 dimensions", "expected 1", NULL);
}

static void dimensions_of_zero(void **state) {
  (void)state;
  write_good();
  const char *names[] = {"0 images", "0 rows of pixels", "0 columns of pixels"};
  for (size_t i = 0; i < 3; i++) {
    char place[16];
    snprintf(place, sizeof place, "byte %zu:", 4 + 4 * i);
    images_with_byte(7 + 4 * i, 0);
    assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
    assert_error_says(IMAGES, place, names[i], "expected 1 to", NULL);
  }
  write_good();
  const unsigned char no_labels[] = {0, 0, 8, 1, 0, 0, 0, 0};
  write_bytes(path_of(LABELS), no_labels, sizeof no_labels);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(LABELS, "byte 4", "0 labels", NULL);
}

static void huge_dimensions(void **state) {
  (void)state;
  const unsigned char labels[] = {0, 0, 8, 1, 0x40, 0, 0, 0, 1};
  write_bytes(path_of(LABELS), labels, sizeof labels);
  /* 2^30 images of 2^15 x 2^15 pixels: 2^60 bytes, which no allocation can hold, with one image in
   * the file. */
  const unsigned char many[] = {0, 0, 8, 3, 0x40, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 1};
  for (int gzip = 0; gzip < 2; gzip++) {
    (gzip ? write_gzip : write_bytes)(path_of(IMAGES), many, sizeof many);
    assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
    assert_error_says(IMAGES, "truncated", "byte 17",
                      "expected 1152921504606846976 bytes of images from byte 16", NULL);
  }

  write_good();
  const unsigned char one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 1};
  write_bytes(path_of(LABELS), one_label, sizeof one_label);
  const unsigned char overflowing[] = {0, 0, 8, 3, 0, 0, 0, 1, 0x7f, 0, 0, 0, 0x7f, 0, 0, 0, 1};
  write_bytes(path_of(IMAGES), overflowing, sizeof overflowing);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_OVERFLOW);
  assert_error_says(IMAGES, "2130706432x2130706432", NULL);

  const unsigned char too_many[] = {0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 1, 1};
  write_bytes(path_of(IMAGES), too_many, sizeof too_many);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "byte 4", "4294967295 images", "2147483647", NULL);
}

static void counts_that_differ(void **state) {
  (void)state;
  write_good();
  const unsigned char two[] = {0, 0, 8, 1, 0, 0, 0, 2, 2, 0};
  write_bytes(path_of(LABELS), two, sizeof two);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "3 images", LABELS, "2 labels", NULL);
}

static void trailing_bytes(void **state) {
  (void)state;
  unsigned char images[sizeof good_images + 1] = {0};
  memcpy(images, good_images, sizeof good_images);
  write_good();
  write_bytes(path_of(IMAGES), images, sizeof images);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "trailing", "byte 34", "18 bytes", NULL);
  write_gzip(path_of(IMAGES), images, sizeof images);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "trailing", "byte 34", NULL);
}

/* Every proper prefix of a valid file, plain and gzip, images and labels. */
static void cut_at_every_byte(const char *name, const void *bytes, size_t size, bool gzip) {
  write_good();
  if (gzip) write_gzip(path_of(name), bytes, size);
  size_t whole;
  unsigned char *content = read_bytes(path_of(name), &whole);
  quern_dataset_free(open_one(path_of(IMAGES), NULL));
  for (size_t length = 0; length < whole; length++) {
    write_bytes(path_of(name), content, length);
    assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
    /* Half of gzip's magic number is not gzip, so the file is of an unknown kind. */
    if (length == 1 && gzip) continue;
    assert_error_says(name, length == 0 && strcmp(name, IMAGES) == 0 ? "empty" : "truncated", NULL);
  }
  free(content);
}

static void truncation(void **state) {
  (void)state;
  cut_at_every_byte(IMAGES, good_images, sizeof good_images, false);
  cut_at_every_byte(IMAGES, good_images, sizeof good_images, true);
  cut_at_every_byte(LABELS, good_labels, sizeof good_labels, false);
  cut_at_every_byte(LABELS, good_labels, sizeof good_labels, true);
}

/* A flipped bit anywhere in the gzip file must never give other data. */
static void damaged_gzip(void **state) {
  (void)state;
  write_good();
  write_gzip(path_of(IMAGES), good_images, sizeof good_images);
  size_t size;
  unsigned char *content = read_bytes(path_of(IMAGES), &size);
  unsigned failures = 0;
  for (size_t place = 0; place < size; place++) {
    content[place] ^= 0x10;
    write_bytes(path_of(IMAGES), content, size);
    content[place] ^= 0x10;
    quern_dataset *dataset;
    if (quern_dataset_open(path_of(IMAGES), NULL, &dataset, NULL) == QUERN_OK) {
      check_good(dataset); /* a header field that does not concern the data */
      quern_dataset_free(dataset);
    } else {
      assert_error_says(IMAGES, NULL);
      failures++;
    }
  }
  free(content);
  assert_true(failures >= sizeof good_images / 2);

  write_gzip(path_of(IMAGES), good_images, sizeof good_images);
  content = read_bytes(path_of(IMAGES), &size);
  content[size - 8] ^= 1; /* its checksum */
  write_bytes(path_of(IMAGES), content, size);
  free(content);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(IMAGES, "damaged gzip data", NULL);
}

static void missing_labels(void **state) {
  (void)state;
  write_bytes(path_of(IMAGES), good_images, sizeof good_images);
  assert_open_fails(path_of(IMAGES), NULL, QUERN_ERROR_FILE);
  assert_error_says(IMAGES, "labels are missing", LABELS, NULL);
  write_bytes(path_of("pictures"), good_images, sizeof good_images);
  assert_open_fails(path_of("pictures"), NULL, QUERN_ERROR_FILE);
  assert_error_says("pictures", "expected \"images-idx3\" in its name", NULL);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(plain_and_gzip),  TEST(wrong_magic),        TEST(dimensions_of_zero),
      TEST(huge_dimensions), TEST(counts_that_differ), TEST(trailing_bytes),
      TEST(truncation),      TEST(damaged_gzip),       TEST(missing_labels),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
