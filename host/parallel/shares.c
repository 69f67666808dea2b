/* Shares as text, in a checkpoint, and as whole numbers. */
#include "shares.h"

#include "../base/error.h"
#include "../base/text.h"
#include "../format/checkpoint_keys.h"
#include "../format/safetensors/safetensors.h"
#include "collective_ops.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

quern_status quern__shares_print(const quern_train_options *options, char **result) {
  *result = NULL;
  if (options->shares == NULL) return QUERN_OK;
  quern__text text = {0};
  for (size_t r = 0; r < options->collective->ranks; r++)
    quern__text_print(&text, "%s%" PRIu32, r > 0 ? "," : "", options->shares[r]);
  return quern__text_close(&text, result);
}

static bool parse_shares(const char *text, size_t count, uint32_t *shares) {
  for (size_t r = 0; r < count; r++) {
    uint64_t share;
    if (!quern__parse_whole(text, UINT32_MAX, &share, &text)) return false;
    shares[r] = (uint32_t)share;
    if (*text != (r + 1 < count ? ',' : '\0')) return false;
    text++;
  }
  return true;
}

static size_t count_numbers(const char *text) {
  size_t count = 1;
  for (; *text != '\0'; text++) count += *text == ',';
  return count;
}

static quern_status parse_metadata(const quern__safetensors *file, size_t count, uint32_t *shares,
                                   bool *found) {
  const char *text = quern__safetensors_metadata(file, QUERN__KEY_SHARES);
  *found = text != NULL && count_numbers(text) == count;
  if (!*found) return QUERN_OK;
  if (!parse_shares(text, count, shares))
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"" QUERN__KEY_SHARES
                       "\": \"%.200s\", expected whole numbers separated by commas",
                       file->path, text);
  if (quern__shares_check(shares, count) == QUERN_OK) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: metadata \"" QUERN__KEY_SHARES
                     "\": \"%.200s\", expected a sum of 1 to %" PRIu32,
                     file->path, text, UINT32_MAX);
}

quern_status quern__shares_read(const char *path, size_t count, uint32_t *shares, bool *found) {
  quern__safetensors file;
  quern_status status;
  QUERN__TRY(quern__safetensors_open(path, &file));
  status = parse_metadata(&file, count, shares, found);
cleanup:
  quern__safetensors_close(&file);
  return status;
}

/* The fraction that rounding down leaves of a rank's exact share. */
typedef struct share_remainder {
  double left;
  size_t rank;
} share_remainder;

static int compare_remainders(const void *first, const void *second) {
  const share_remainder *a = first, *b = second;
  if (a->left != b->left) return a->left > b->left ? -1 : 1;
  return a->rank < b->rank ? -1 : 1;
}

quern_status quern__shares_divide(const double *weights, size_t count, uint32_t whole,
                                  uint32_t *shares) {
  share_remainder *left = malloc(count * sizeof *left);
  if (left == NULL) return quern__fail_memory("shares", count * sizeof *left);
  double sum = 0.0;
  uint32_t assigned = 0;
  for (size_t r = 0; r < count; r++) sum += weights[r];
  for (size_t r = 0; r < count; r++) {
    const double exact = (double)whole * (weights[r] / sum);
    /* the rounding errors of `exact` add up */
    const double whole_part = fmin(floor(exact), (double)(whole - assigned));
    shares[r] = (uint32_t)whole_part;
    assigned += shares[r];
    left[r] = (share_remainder){exact - whole_part, r};
  }
  qsort(left, count, sizeof *left, compare_remainders);
  for (size_t i = 0; assigned < whole; i = (i + 1) % count, assigned++) shares[left[i].rank]++;
  free(left);
  return QUERN_OK;
}
