/* Implements command_walk.h. */
#include "command_walk.h"
#include "alloc_faults.h"

#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

int quern_main(int argc, char **argv);

enum { MOST_ALLOCATIONS = 1 << 20 };

/* --- Running the command --- */

/* A process's count of its allocations, in shared memory. */
typedef struct heap {
  size_t count;
  long live;
  alloc_faults_trace trace;
  uint64_t sites[MOST_ALLOCATIONS];
} heap;

typedef struct bytes {
  char *data; /* owned; NULL for a missing file; a 0 follows the bytes */
  size_t size;
} bytes;

typedef struct run_result {
  int code; /* 128 plus the number of the signal, if one ended it */
  bytes out, err;
  size_t count;
  long live;
} run_result;

static heap *shared;

static bytes read_file(const char *path) {
  bytes read = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return read;
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  read.size = (size_t)ftell(file);
  rewind(file);
  read.data = test_alloc(read.size + 1, 1);
  assert_int_equal(fread(read.data, 1, read.size, file), read.size);
  read.data[read.size] = '\0';
  fclose(file);
  return read;
}

static void lead(int descriptor, const char *path) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(127);
}

static void become_command(const char *const *arguments, size_t position, bool on) {
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  size_t count = 0;
  while (arguments[count] != NULL) count++;
  /* cmocka would continue the test in this process too */
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) signal(crashes[i], SIG_DFL);
  lead(STDOUT_FILENO, "../out");
  lead(STDERR_FILENO, "../err");
  if (position == 0) alloc_faults_record(shared->sites, MOST_ALLOCATIONS);
  alloc_faults_keep_trace(&shared->trace);
  alloc_faults_count_time();
  const long before = alloc_faults_live();
  alloc_faults_start(position, on);
  const int code = quern_main((int)count, (char **)(uintptr_t)arguments);
  shared->count = alloc_faults_stop();
  shared->live = alloc_faults_live() - before;
  exit(code);
}

static run_result run_command(const char *const *arguments, size_t position, bool on) {
  int status;
  fflush(NULL);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) become_command(arguments, position, on);
  assert_int_equal(waitpid(child, &status, 0), child);
  return (run_result){.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                      .out = read_file("../out"),
                      .err = read_file("../err"),
                      .count = shared->count,
                      .live = shared->live};
}

static void free_result(run_result *result) {
  free(result->out.data);
  free(result->err.data);
}

/* --- What is walked --- */

static size_t faults, survived, problems;

static void copy_file(const char *from, const char *to) {
  const bytes read = read_file(from);
  assert_non_null(read.data);
  write_bytes(to, read.data, read.size);
  free(read.data);
}

static const char *in_folder(const char *folder, const char *name) {
  static char paths[4][PATH_BYTES];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "../%s/%s", folder, name);
  return path;
}

/* Empties the folder in which commands run, and copies their inputs into it. */
static void prepare_folder(const command_walk *walk) {
  DIR *folder = opendir(".");
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.' || entry->d_name[1] > '.')
      assert_int_equal(remove(entry->d_name), 0);
  closedir(folder);
  for (const written *file = walk->files; file->name != NULL; file++)
    if (file->start != NULL) copy_file(in_folder("in", file->start), file->name);
}

static bool same(bytes a, bytes b) {
  if (a.data == NULL || b.data == NULL) return a.data == b.data;
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool same_as_file(bytes a, const char *path) {
  const bytes b = read_file(path);
  const bool result = same(a, b);
  free(b.data);
  return result;
}

static bool begins(bytes whole, bytes part) {
  return part.size <= whole.size && memcmp(whole.data, part.data, part.size) == 0;
}

/* True if the file is right after a success or a failure. */
static bool file_is_right(const written *file, bool success) {
  const bytes now = read_file(file->name), whole = read_file(in_folder("clean", file->name));
  bool right = same(now, whole);
  if (!success && !right && file->start != NULL)
    right = same_as_file(now, in_folder("in", file->start));
  if (!success && !right && file->start == NULL) right = now.data == NULL;
  for (size_t i = 0; !success && !right && i < 3 && file->others[i] != NULL; i++)
    right = same_as_file(now, in_folder("in", file->others[i]));
  if (!success && !right && file->rows && now.data != NULL)
    right = begins(whole, now) && (now.size == 0 || now.data[now.size - 1] == '\n');
  free(now.data);
  free(whole.data);
  return right;
}

/* The name of an unexpected file in the folder, or NULL. */
static const char *stray_file(const command_walk *walk) {
  static char name[NAME_MAX + 1];
  const char *found = NULL;
  DIR *folder = opendir(".");
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    const written *file = walk->files;
    while (file->name != NULL && strcmp(file->name, entry->d_name) != 0) file++;
    if (file->name != NULL || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    snprintf(name, sizeof name, "%s", entry->d_name);
    found = name;
  }
  closedir(folder);
  return found;
}

/* One line that begins with "quern". With a log there may be two: a log that cannot be written does
 * not end the training, which then ends with a line of its own. */
static bool has_one_error(const command_walk *walk, bytes err) {
  size_t lines = 0, most = 1;
  for (const written *file = walk->files; file->name != NULL; file++)
    if (file->rows) most = 2;
  for (const char *line = err.data; *line != '\0';) {
    const char *end = strchr(line, '\n');
    if (end == NULL) return false;
    lines += strncmp(line, "quern", 5) == 0;
    line = end + 1;
  }
  return lines >= 1 && lines <= most;
}

/* The first fault in the command's outcome; NULL if there is none. */
static const char *find_problem(const command_walk *walk, const run_result *clean,
                                const run_result *result) {
  const bool success = result->code == clean->code;
  if (!success && result->code != 1) return "its exit code";
  if (success && !same(clean->out, result->out)) return "its output";
  if (success && !same(clean->err, result->err)) return "what it says to people";
  if (!success && !walk->reports && !begins(clean->out, result->out)) return "its output";
  if (!success && !walk->reports && !has_one_error(walk, result->err))
    return "its error, not of one line";
  if (result->live != 0) return "memory that is not freed";
  for (const written *file = walk->files; file->name != NULL; file++)
    if (!file_is_right(file, success)) return file->name;
  return stray_file(walk);
}

static void try_fault(const command_walk *walk, const run_result *clean, size_t position, bool on) {
  prepare_folder(walk);
  run_result result = run_command(walk->arguments, position, on);
  const char *problem = find_problem(walk, clean, &result);
  faults++;
  survived += result.code == clean->code;
  if (problem != NULL) {
    problems++;
    print_error("%s %s: allocation %zu%s: wrong is %s; exit code %d, %ld not freed\n%s%s",
                walk->arguments[1], walk->arguments[2] != NULL ? walk->arguments[2] : "", position,
                on ? " and on" : "", problem, result.code, result.live, result.out.data,
                result.err.data);
    fflush(NULL);
    backtrace_symbols_fd(shared->trace.frames, shared->trace.depth, STDERR_FILENO);
  }
  free_result(&result);
}

void walk_command(const command_walk *walk) {
  const size_t faults_before = faults, survived_before = survived, problems_before = problems;
  prepare_folder(walk);
  run_result clean = run_command(walk->arguments, 0, false);
  if (clean.code != 0 || clean.live != 0)
    fail_msg("%s: exit code %d, %ld not freed\n%s%s", walk->arguments[1], clean.code, clean.live,
             clean.out.data, clean.err.data);
  assert_in_range(clean.count, 1, MOST_ALLOCATIONS);
  for (const written *file = walk->files; file->name != NULL; file++)
    copy_file(file->name, in_folder("clean", file->name));
  uint64_t *sites = test_alloc(clean.count, sizeof *sites);
  memcpy(sites, shared->sites, clean.count * sizeof *sites);
  for (size_t position = 1; position <= clean.count; position++) {
    if (!alloc_faults_chosen(sites, position)) continue;
    try_fault(walk, &clean, position, false);
    try_fault(walk, &clean, position, true);
  }
  free(sites);
  if (problems > problems_before) fail_msg("%zu problems", problems - problems_before);
  print_message("%-8s %-14s %6zu allocations, %6zu made to fail, %5zu done without\n",
                walk->arguments[1], walk->arguments[2] != NULL ? walk->arguments[2] : "",
                clean.count, faults - faults_before, survived - survived_before);
  free_result(&clean);
}

void command_walk_make(const char *const *arguments) {
  run_result result = run_command(arguments, 0, false);
  if (result.code != 0) fail_msg("%s: %s", arguments[1], result.err.data);
  free_result(&result);
}

bool command_walk_begin(void) {
  static const char *const folders[] = {"in", "clean", "run"};
  if (make_temporary_folder(NULL) != 0) return false;
  for (size_t i = 0; i < 3; i++)
    if (mkdir(path_of(folders[i]), 0777) != 0) return false;
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return shared != MAP_FAILED && chdir(path_of("run")) == 0;
}

bool command_walk_end(void) {
  char command[PATH_BYTES + 16];
  print_message("allocations made to fail: %zu, of which %zu were done without\n", faults,
                survived);
  snprintf(command, sizeof command, "rm -r '%s'", temporary_folder);
  return chdir("/") == 0 && system(command) == 0 && faults > 0;
}
