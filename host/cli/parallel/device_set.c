#include "device_set.h"

#include "../data/describe.h"
#include "../data/find_device.h"
#include "../data/open.h"
#include "../text/text.h"
#include "ranks.h"
#include "residency.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_emulated(const quern_device *device) {
  quern_device_info info;
  quern_device_describe(device, &info);
  return info.kind == QUERN_DEVICE_EMULATOR || info.kind == QUERN_DEVICE_REFERENCE;
}

/* The devices that "all" does not mean. */
static void print_left_out(FILE *out, const quern_device_list *list) {
  const char *before = "left out: ";
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    const quern_device *device = quern_device_list_at(list, i);
    if (!is_emulated(device)) continue;
    quern_device_info info;
    quern_device_describe(device, &info);
    cli_print(out, "%s%s", before, info.name);
    if (info.kind == QUERN_DEVICE_EMULATOR) cli_print(out, " (%s, an emulator)", info.platform);
    before = ", ";
  }
  fputc('\n', out); /* the reference is always there */
}

static cli_exit open_each(const quern_device *const *devices, size_t count, FILE *out,
                          cli_device_set *set) {
  set->contexts = calloc(count, sizeof *set->contexts);
  if (set->contexts == NULL) return cli_fail_memory();
  for (; set->count < count; set->count++) {
    quern_device_info info;
    quern_context **context = &set->contexts[set->count];
    if (quern_context_create_on(devices[set->count], context) != QUERN_OK)
      return cli_fail_library();
    quern_context_describe(*context, &info);
    cli_print_device(out, &info);
    cli_print_tuning(out, *context);
  }
  return CLI_OK;
}

static cli_exit open_one(const char *text, bool shares_device, FILE *out, cli_device_set *set) {
  set->contexts = calloc(1, sizeof *set->contexts);
  if (set->contexts == NULL) return cli_fail_memory();
  const cli_exit result = cli_ranks_count() > 1
                              ? cli_ranks_open_device(text, shares_device, out, set->contexts)
                              : cli_open_device(text, out, set->contexts);
  set->count = result == CLI_OK;
  return result;
}

cli_exit cli_device_set_open(const char *text, bool shares_device, FILE *out, cli_device_set *set) {
  const bool all = text != NULL && strcasecmp(text, "all") == 0;
  if (cli_ranks_count() > 1 || text == NULL || (!all && strchr(text, ',') == NULL))
    return open_one(text, shares_device, out, set);
  quern_device_list *list;
  const quern_device **devices = NULL;
  size_t count;
  if (quern_device_list_create(&list) != QUERN_OK) return cli_fail_library();
  cli_exit result = cli_find_devices(list, text, &devices, &count);
  if (result == CLI_OK && all && is_emulated(devices[0])) {
    result = open_one("auto", shares_device, out, set);
  } else if (result == CLI_OK) {
    result = open_each(devices, count, out, set);
    if (result == CLI_OK && all) print_left_out(out, list);
  }
  free(devices);
  quern_device_list_free(list);
  return result;
}

static void print_shares(const cli_device_set *set, const char *whence, FILE *out) {
  quern_device_info info;
  for (size_t i = 0; i < set->count; i++) {
    quern_context_describe(set->contexts[i], &info);
    cli_print(out, "%s%" PRIu32 " %s", i == 0 ? "shares: " : ", ", set->shares[i], info.name);
  }
  cli_print(out, "; %s\n", whence);
  for (size_t i = 0; i < set->count; i++) {
    if (set->shares[i] > 0) continue;
    quern_context_describe(set->contexts[i], &info);
    cli_print(out, "note: %s has a share of 0; leave it out, since the others wait for it\n",
              info.name);
  }
}

cli_exit cli_device_set_share(cli_device_set *set, const cli_counts *given,
                              const quern_network *network, const quern_dataset *train,
                              const quern_train_options *options, FILE *out) {
  if (given->count > 0 && given->count != set->count)
    return cli_fail("--shares has %zu number%s, but there %s %zu device%s", given->count,
                    given->count == 1 ? "" : "s", set->count == 1 ? "is" : "are", set->count,
                    set->count == 1 ? "" : "s");
  uint64_t sum = 0;
  for (size_t i = 0; i < given->count; i++) sum += given->items[i];
  if (given->count > 0 && (sum == 0 || sum > UINT32_MAX))
    return cli_fail("--shares add up to %" PRIu64 ", expected 1 to %" PRIu32, sum, UINT32_MAX);
  if (set->count == 1) return CLI_OK;
  set->shares = calloc(set->count, sizeof *set->shares);
  if (set->shares == NULL) return cli_fail_memory();
  bool measured = false;
  for (size_t i = 0; i < given->count; i++) set->shares[i] = (uint32_t)given->items[i];
  if (given->count == 0 && quern_train_shares(set->contexts, set->count, network, train, options,
                                              set->shares, &measured) != QUERN_OK)
    return cli_fail_library();
  print_shares(set,
               given->count > 0 ? "as given"
               : measured       ? "measured"
                                : "of the checkpoint",
               out);
  return CLI_OK;
}

void cli_device_set_json(cli_json *json, const cli_device_set *set,
                         const quern_data_residency *residency) {
  cli_json_device(json, json->root, set->contexts[0]);
  cJSON *list = cli_json_list(json, json->root, "devices");
  for (size_t i = 0; i < set->count; i++) {
    cJSON *object = cli_json_object(json, list, NULL);
    cli_json_device(json, object, set->contexts[i]);
    cli_residency_json(json, object, &residency[i]);
    if (set->shares != NULL)
      cli_json_number(json, object, "share", set->shares[i]);
    else
      cli_json_null(json, object, "share");
  }
}

void cli_device_set_close(cli_device_set *set) {
  for (size_t i = 0; i < set->count; i++) quern_context_free(set->contexts[i]);
  free(set->contexts);
  free(set->shares);
  *set = (cli_device_set){.count = 0};
}
