# Every allocation of quern's own code fails once: see support/alloc_faults.h. The linker redirects
# them, so allocations of drivers and of the C library do not fail.
include(CheckLinkerFlag)
check_linker_flag(C "-Wl,--wrap=malloc" QUERN_LINKER_WRAPS)
set(memory_names malloc calloc realloc reallocarray free aligned_alloc strdup strndup asprintf
    __asprintf_chk getline
    getdelim __getdelim realpath __realpath_chk fopen fdopen fmemopen opendir fdopendir gzdopen
    inflateInit2_ clock_gettime)
list(TRANSFORM memory_names PREPEND "-Wl,--wrap=" OUTPUT_VARIABLE memory_options)

if(QUERN_LINKER_WRAPS)
  add_library(quern_alloc_faults OBJECT support/alloc_faults.c)
  target_include_directories(quern_alloc_faults PUBLIC support)
  target_compile_definitions(quern_alloc_faults PRIVATE _GNU_SOURCE)
  target_link_libraries(quern_alloc_faults PUBLIC cJSON::cJSON ZLIB::ZLIB PRIVATE quern_warnings)
  target_link_options(quern_alloc_faults INTERFACE ${memory_options})
  add_executable(test_faults_memory_api faults/memory_api.c faults/api_walk.c)
  target_link_libraries(test_faults_memory_api PRIVATE quern_alloc_faults quern_test_support)
  add_dependencies(test_faults_memory_api quern_test_opencl)
  quern_test(faults_memory_api test_faults_memory_api ENVIRONMENT ${default_environment} LABELS
             faults)
endif()

# The test calls the command's main in forked processes.
if(QUERN_LINKER_WRAPS AND TARGET quern_cli)
  add_executable(test_faults_memory_command faults/memory_command.c faults/command_walk.c
                 "${PROJECT_SOURCE_DIR}/host/cli/main.c" $<TARGET_OBJECTS:quern_command>)
  set_source_files_properties("${PROJECT_SOURCE_DIR}/host/cli/main.c" TARGET_DIRECTORY
                              test_faults_memory_command
                              PROPERTIES COMPILE_DEFINITIONS main=quern_main)
  target_link_libraries(test_faults_memory_command PRIVATE quern_alloc_faults quern_test_support)
  if(QUERN_WITH_MPI)
    target_link_libraries(test_faults_memory_command PRIVATE quern_mpi_static)
  endif()
  if(QUERN_WITH_CAIRO)
    target_link_libraries(test_faults_memory_command PRIVATE Cairo::Cairo)
  endif()
  target_compile_definitions(test_faults_memory_command PRIVATE
    $<$<BOOL:${QUERN_WITH_CAIRO}>:QUERN_WITH_CAIRO> $<$<BOOL:${QUERN_WITH_ONNX}>:QUERN_WITH_ONNX>)
  # The test counts leaks itself; a leak check at the end of each of thousands of processes would
  # take minutes.
  quern_test(faults_memory_command test_faults_memory_command LABELS faults ENVIRONMENT
             QUERN_OPENCL_LIBRARY=none
             "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:\
use_sigaltstack=0:quarantine_size_mb=1")
endif()

# With QUERN_TEST_LONG each allocation fails once, which takes minutes.
foreach(name IN ITEMS faults_memory_api faults_memory_command)
  if(TEST ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 3600)
  endif()
endforeach()
