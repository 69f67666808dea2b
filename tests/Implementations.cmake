# Finds the OpenCL implementations for tests. Sets
#   implementations         their names: pocl, rusticl, oclgrind, and pocl-gpu …: see below
#   plain_implementations   those that use their own tuning row
#   dense_implementations   those for tests of the matrix products, with more rows of GPUs
#   cpus                    CPUs that PoCL can emulate, each with pocl-<cpu>_environment and
#                              pocl-<cpu>_tests, a pattern of the tests that run on it
#   <name>_environment         the environment in which the ICD loader finds only that one
#   <name>_prefix              a command that runs the test's command, or empty
#   default_environment        of tests that run once: PoCL's, or nothing without PoCL
#
# OCL_ICD_VENDORS names a folder of .icd files, which ocl-icd and the Khronos loader both support;
# they differ on files.
set(implementations)

# quern_find_implementation(<name> <icd file> <library>...)
# Uses the library named in the system's .icd file, else the first existing one of the list. The
# dynamic linker finds bare file names.
function(quern_find_implementation name icd)
  set(content "")
  foreach(vendors /etc/OpenCL/vendors /usr/share/OpenCL/vendors /usr/local/etc/OpenCL/vendors)
    if(EXISTS "${vendors}/${icd}")
      file(STRINGS "${vendors}/${icd}" content LIMIT_COUNT 1)
      break()
    endif()
  endforeach()
  if(NOT content)
    find_library(QUERN_${name}_LIBRARY NAMES ${ARGN} PATH_SUFFIXES oclgrind pocl rusticl-opencl)
    mark_as_advanced(QUERN_${name}_LIBRARY)
    if(QUERN_${name}_LIBRARY)
      set(content "${QUERN_${name}_LIBRARY}")
    endif()
  endif()
  if(NOT content)
    message(NOTICE "quern: ${name} was not found: skipping its tests")
    return()
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/vendors/${name}")
  file(CONFIGURE OUTPUT "${folder}/${name}.icd" CONTENT "${content}\n")
  set(implementations ${implementations} ${name} PARENT_SCOPE)
  set(${name}_environment "OCL_ICD_VENDORS=${folder}" PARENT_SCOPE)
  set(${name}_prefix "" PARENT_SCOPE)
endfunction()

quern_find_implementation(pocl pocl.icd libpocl.so libpocl.so.2)
quern_find_implementation(rusticl rusticl.icd libRusticlOpenCL.so libRusticlOpenCL.so.1)
quern_find_implementation(oclgrind oclgrind.icd liboclgrind-rt-icd.so)

# Tests share compiled kernels, also between build folders with the same setting; otherwise most of
# a test's time would be PoCL's compiler. See support/run_pocl. Mesa's cache can be shared.
set(QUERN_TEST_KERNELS "${CMAKE_CURRENT_BINARY_DIR}/kernels" CACHE PATH
    "Where tests find kernels that others compiled")
list(APPEND rusticl_environment "MESA_SHADER_CACHE_DIR=${QUERN_TEST_KERNELS}/mesa")
file(MAKE_DIRECTORY "${QUERN_TEST_KERNELS}/pocl" "${QUERN_TEST_KERNELS}/mesa")

set(default_environment ${pocl_environment})
set(default_prefix "")
if(pocl_environment)
  set(default_prefix "${CMAKE_CURRENT_SOURCE_DIR}/support/run_pocl")
endif()

list(APPEND rusticl_environment RUSTICL_ENABLE=llvmpipe)

# Oclgrind checks every access of every work-item. Its reports go to a file, and the wrapper fails
# the test if it has a line. Its search for uninitialized values only records the host's first write
# to a buffer, so tests write each buffer whole before a kernel reads it.
list(APPEND oclgrind_environment OCLGRIND_DATA_RACES=1 OCLGRIND_UNIFORM_WRITES=1
     OCLGRIND_CHECK_API=1 OCLGRIND_UNINITIALIZED=1 QUERN_TEST_SLOW_DEVICE=1)
set(oclgrind_prefix "${CMAKE_CURRENT_SOURCE_DIR}/support/run_oclgrind")

# Kernels take their tiles from the row of host/opencl/tuning.c for the device's kind and platform.
# Other rows are tested too: each GPU row on PoCL; those of CPUs and GPUs under Oclgrind, whose own
# row has the small tile of emulators.
function(quern_add_tuning name kind)
  if(NOT name IN_LIST implementations)
    return()
  endif()
  set(implementations ${implementations} ${name}-${kind} PARENT_SCOPE)
  set(${name}-${kind}_environment ${${name}_environment} QUERN_TEST_TUNING=${kind} PARENT_SCOPE)
  set(${name}-${kind}_prefix ${${name}_prefix} PARENT_SCOPE)
endfunction()

set(plain_implementations ${implementations})
quern_add_tuning(pocl gpu)
quern_add_tuning(oclgrind cpu)
quern_add_tuning(oclgrind gpu)

# Oclgrind 21.10 reports lanes of a float16 made by a shuffle as uninitialized (a kernel of one such
# line shows it), and the CPU row shuffles float16s. The search runs with its own row and that of
# GPUs, which use float4.
list(APPEND oclgrind-cpu_environment OCLGRIND_UNINITIALIZED=0)

# The row of CPUs with NEON has its own tiles, which any CPU can run.
#
# The rows of AMD and Intel differ from the default GPU row only in the tiles of the matrix
# products, so only the products' tests run with them. That of NVIDIA also moves aligned vectors
# differently, in every op. Oclgrind would need minutes for their large work-groups, and checks the
# same code with the default row.
set(implementations_before ${implementations})
quern_add_tuning(pocl nvidia)
set(ops_implementations ${implementations})
quern_add_tuning(pocl amd)
quern_add_tuning(pocl intel)
quern_add_tuning(pocl neon)
quern_add_tuning(rusticl gpu)
set(dense_implementations ${implementations})
set(implementations ${implementations_before})

# Older CPUs than this one. Distributions' PoCL has kernel libraries for several. It compiles for
# the CPU of the library that POCL_KERNELLIB_NAME names, if this machine has its instructions, so
# the rows of other CPUs are tested as they are used. Other builds of PoCL have no such libraries,
# and these tests are skipped. The tests check that they run as QUERN_TEST_CPU.
#
# quern_add_cpu(<LLVM's name of the CPU> <PoCL's name of its library> <test>...)
set(cpus)
function(quern_add_cpu cpu library)
  file(GLOB libraries /usr/share/pocl/kernel-*-${library}.bc
       /usr/local/share/pocl/kernel-*-${library}.bc)
  if(NOT libraries OR NOT "pocl" IN_LIST implementations)
    return()
  endif()
  list(JOIN ARGN "|" tests)
  set(cpus ${cpus} ${cpu} PARENT_SCOPE)
  set(pocl-${cpu}_environment ${pocl_environment} POCL_KERNELLIB_NAME=${library}
      QUERN_TEST_CPU=${cpu} "QUERN_TEST_KERNELS=${QUERN_TEST_KERNELS}/${cpu}" PARENT_SCOPE)
  set(pocl-${cpu}_tests "^(${tests})$" PARENT_SCOPE)
endfunction()

# AVX2, AVX and SSE.
quern_add_cpu(haswell avx2 ops_.* opencl_inside opencl_fused_steps verify_quick python_library
              example_train_and_predict)
quern_add_cpu(sandybridge avx ops_dense_.* opencl_inside example_train_and_predict)
quern_add_cpu(penryn sse41 ops_dense_.* ops_normalization opencl_inside example_train_and_predict)
