/* quern devices: lists devices. */
#include "../data/describe.h"
#include "../data/find_device.h"
#include "../data/open.h"
#include "../text/text.h"

#include <string.h>

typedef struct devices_settings {
  bool json;
} devices_settings;

static const cli_option options[] = {CLI_OPTION_JSON(devices_settings), CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern devices", "quern devices --json", NULL};

/* "1:0"; empty for the reference. */
typedef struct device_place {
  char text[48];
} device_place;

static device_place place_of(const quern_device_info *info) {
  device_place place = {""};
  if (info->kind != QUERN_DEVICE_REFERENCE)
    snprintf(place.text, sizeof place.text, "%zu:%zu", info->platform_index, info->device_index);
  return place;
}

static void print_json_device(cli_json *json, cJSON *list, const quern_device_info *info,
                              size_t index) {
  cJSON *object = cli_json_object(json, list, NULL);
  cli_json_number(json, object, "index", (double)index);
  cli_json_text(json, object, "name", info->name);
  cli_json_text(json, object, "platform", info->platform);
  cli_json_text(json, object, "backend", info->backend);
  cli_json_text(json, object, "kind", quern_device_kind_name(info->kind));
  if (info->kind != QUERN_DEVICE_REFERENCE)
    cli_json_text(json, object, "place", place_of(info).text);
  else
    cli_json_null(json, object, "place");
  cli_json_text(json, object, "version", info->version);
  cli_json_text(json, object, "driver", info->driver);
  cli_json_number(json, object, "compute_units", info->compute_units);
  cli_json_number(json, object, "memory", (double)info->memory);
  cli_json_number(json, object, "max_allocation", (double)info->max_allocation);
}

static cli_exit print_json(const quern_device_list *list, const quern_device *chosen) {
  cli_json json = cli_json_create();
  cJSON *devices = cli_json_list(&json, json.root, "devices");
  cli_json_null(&json, json.root, "chosen");
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    quern_device_info info;
    quern_device_describe(quern_device_list_at(list, i), &info);
    print_json_device(&json, devices, &info, i);
    if (quern_device_list_at(list, i) == chosen) {
      cJSON_DeleteItemFromObject(json.root, "chosen");
      cli_json_number(&json, json.root, "chosen", (double)i);
    }
  }
  cli_json_text(&json, json.root, "note", quern_device_list_note(list));
  cli_exit result = cli_json_print(&json);
  cli_json_free(&json);
  return result;
}

static int longer(int width, const char *text) {
  return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static void print_table(const quern_device_list *list, const quern_device *chosen) {
  quern_device_info info;
  size_t count = quern_device_list_count(list);
  int name = longer(0, "name"), platform = longer(0, "platform");
  for (size_t i = 0; i < count; i++) {
    quern_device_describe(quern_device_list_at(list, i), &info);
    name = longer(name, info.name);
    platform = longer(platform, info.platform);
  }
  cli_print(stdout, "  %5s  %-5s  %-9s  %-*s  %-*s  %5s  %9s\n", "index", "place", "kind", name,
            "name", platform, "platform", "units", "memory");
  for (size_t i = 0; i < count; i++) {
    const quern_device *device = quern_device_list_at(list, i);
    quern_device_describe(device, &info);
    cli_print(stdout, "%c %5zu  %-5s  %-9s  %-*s  %-*s  %5u", device == chosen ? '*' : ' ', i,
              place_of(&info).text, quern_device_kind_name(info.kind), name, info.name, platform,
              info.platform, info.compute_units);
    if (info.memory > 0) printf("  %5.1f GiB", (double)info.memory / (1024.0 * 1024.0 * 1024.0));
    putchar('\n');
  }
  if (chosen != NULL) printf("\n* is used if no --device is given.\n");
}

/* Prints the tuning file of each device, or why it is not used. */
static cli_exit print_tuning(const quern_device_list *list) {
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    quern_context *context;
    const char *file, *note;
    const quern_status status = quern_context_create_on(quern_device_list_at(list, i), &context);
    if (status == QUERN_ERROR_OUT_OF_MEMORY) return cli_fail_library();
    if (status != QUERN_OK) {
      cli_print(stdout, "\ndevice %zu cannot be opened: %s\n", i, quern_last_error());
      continue;
    }
    file = quern_context_tuning(context);
    note = quern_context_note(context);
    if (*file != '\0') cli_print(stdout, "\ndevice %zu is tuned: %s\n", i, file);
    if (*note != '\0') cli_print(stdout, "\nnote on device %zu: %s\n", i, note);
    quern_context_free(context);
  }
  return CLI_OK;
}

static cli_exit run_devices(const cli_command *command, int argc, char **argv) {
  devices_settings settings = {0};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  quern_device_list *list;
  const quern_device *chosen = NULL;
  if (quern_device_list_create(&list) != QUERN_OK) return cli_fail_library();
  /* A QUERN_DEVICE that fits no device is an error; the list shows the names. */
  cli_exit result = cli_find_device(list, NULL, &chosen);
  if (settings.json) {
    cli_exit printed = print_json(list, chosen);
    if (result == CLI_OK) result = printed;
  } else {
    print_table(list, chosen);
    const cli_exit printed = print_tuning(list);
    if (result == CLI_OK) result = printed;
    const char *note = quern_device_list_note(list);
    if (*note != '\0') cli_print(stdout, "\nnote: %s\n", note);
  }
  quern_device_list_free(list);
  return result;
}

const cli_command cli_devices = {
    .name = "devices",
    .summary = "list the devices that quern can run on",
    .about = "Lists the OpenCL devices of this machine and the reference backend, which is plain C "
             "on the CPU.",
    .details = "Select one by its index, its place (platform:device) or part of its name, with "
               "`--device` or QUERN_DEVICE.",
    .groups = groups,
    .examples = examples,
    .run = run_devices,
};
