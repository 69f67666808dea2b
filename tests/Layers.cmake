# cmake -DSOURCE=<top of the tree> -P Layers.cmake: fails if a layer uses more than the one below
# it, if two folders of host/ include each other, or if a folder is too large. See "Layers" in
# ARCHITECTURE.md, which has the one exception.
cmake_minimum_required(VERSION 3.21)
set(bad "")

# quern_refuse(<pattern> <why> <folder>... [EXCEPT <file>...]): in the folders and their subfolders.
function(quern_refuse pattern why)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "EXCEPT")
  foreach(folder IN LISTS arg_UNPARSED_ARGUMENTS)
    file(GLOB_RECURSE files RELATIVE "${SOURCE}" "${SOURCE}/${folder}/*.[ch]")
    if(NOT files)
      message(FATAL_ERROR
              "${folder} has no C files: ARCHITECTURE.md and tests/Layers.cmake are for "
              "another layout")
    endif()
    foreach(file IN LISTS files)
      if(file IN_LIST arg_EXCEPT)
        continue()
      endif()
      file(STRINGS "${SOURCE}/${file}" lines REGEX "${pattern}")
      foreach(line IN LISTS lines)
        string(APPEND bad "\n  ${file}: ${line}\n    ${why}")
      endforeach()
    endforeach()
  endforeach()
  set(bad "${bad}" PARENT_SCOPE)
endfunction()

# The network level uses the op level: it calls no backend, and knows no device.
set(above_ops host/network host/parallel host/train host/data host/format host/model host/inspect
    host/onnx)
quern_refuse("QUERN__CALL|->backend|context->state|plan->state|quern_backend"
             "networks are built on the public ops, not on the table of a backend" ${above_ops}
             EXCEPT host/network/fused_steps.c)
quern_refuse("#include.*(ops/check|backend|opencl|reference)[./]"
             "networks are built on the public ops alone" ${above_ops}
             EXCEPT host/network/fused_steps.c)
# All others use host/base and host/format.
quern_refuse("#include \"\\.\\./[^\"]*/" "host/base stands by itself" host/base)
quern_refuse("#include \"\\.\\./(\\.\\./)*[^b.]" "formats know nothing of networks" host/format)
# OpenCL's types are in one folder only.
set(cl_types mem context event command_queue device_id kernel program)
list(JOIN cl_types "|" cl_types)
quern_refuse("#include <CL/|(^|[^a-zA-Z0-9_])cl_(${cl_types})([^a-zA-Z0-9_]|$)"
             "OpenCL types are in host/opencl alone" host/base host/functions host/device host/ops
             host/reference host/verify ${above_ops})
# The ops know backends by the table only.
quern_refuse("#include.*(opencl|reference)/" "ops know a backend by its table alone" host/ops)
# libquern-mpi is a separate library; it only shares the order of sums.
quern_refuse("#include \"\\.\\./([^p]|p[^a]|parallel/[^s])|#include \"\\.\\./\\.\\./"
             "libquern-mpi uses the public API of libquern" host/mpi)
# The command uses the public API.
quern_refuse("quern__" "the command sees the public headers alone" host/cli)
file(GLOB files RELATIVE "${SOURCE}" "${SOURCE}/host/cli/*.[ch]" "${SOURCE}/host/cli/*/*.[ch]")
foreach(file IN LISTS files)
  file(STRINGS "${SOURCE}/${file}" lines REGEX "#include \"")
  get_filename_component(folder "${file}" DIRECTORY)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" path "${line}")
    get_filename_component(path "${SOURCE}/${folder}/${path}" ABSOLUTE)
    file(RELATIVE_PATH path "${SOURCE}/host/cli" "${path}")
    if(path MATCHES "^\\.\\.")
      string(APPEND bad "\n  ${file}: ${line}\n    the command sees the public headers alone")
    endif()
  endforeach()
endforeach()

# No two folders include each other, and no folder is too large.
set(most 22)
file(GLOB_RECURSE files RELATIVE "${SOURCE}" "${SOURCE}/host/*.[ch]" "${SOURCE}/kernels/*.cl")
set(pairs)
foreach(file IN LISTS files)
  get_filename_component(folder "${file}" DIRECTORY)
  math(EXPR count_${folder} "0${count_${folder}} + 1")
  list(APPEND folders "${folder}")
  file(STRINGS "${SOURCE}/${file}" lines REGEX "^ *# *include \"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" path "${line}")
    get_filename_component(path "${SOURCE}/${folder}/${path}" ABSOLUTE)
    file(RELATIVE_PATH path "${SOURCE}" "${path}")
    get_filename_component(other "${path}" DIRECTORY)
    if(NOT other STREQUAL folder AND EXISTS "${SOURCE}/${path}")
      list(APPEND pairs "${folder}>${other}")
      set(example_${folder}>${other} "${file} includes ${path}")
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES pairs)
list(REMOVE_DUPLICATES folders)
foreach(pair IN LISTS pairs)
  string(REGEX REPLACE "(.*)>(.*)" "\\2>\\1" back "${pair}")
  if(back IN_LIST pairs AND pair STRLESS back)
    string(APPEND bad
           "\n  ${example_${pair}}\n  ${example_${back}}\n    two folders need each other")
  endif()
endforeach()
foreach(folder IN LISTS folders)
  if(count_${folder} GREATER most)
    string(APPEND bad "\n  ${folder}\n    has ${count_${folder}} files, expected at most ${most}: "
           "divide it by subject")
  endif()
endforeach()

if(bad)
  message(FATAL_ERROR "these reach past the layer below theirs:${bad}")
endif()
