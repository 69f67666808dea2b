# cmake -DSOURCE=<top of the tree> -P Layers.cmake: fails where a layer reaches past the one below
# it. See "Layers" in ARCHITECTURE.md, which names the one exception.
cmake_minimum_required(VERSION 3.21)
set(bad "")

# quern_refuse(<pattern> <why> <folder>... [EXCEPT <file>...])
function(quern_refuse pattern why)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "EXCEPT")
  foreach(folder IN LISTS arg_UNPARSED_ARGUMENTS)
    file(GLOB files RELATIVE "${SOURCE}" "${SOURCE}/${folder}/*.[ch]")
    if(NOT files)
      message(FATAL_ERROR
              "${folder} has no C files: ARCHITECTURE.md and tests/Layers.cmake are for another layout")
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

# The network level is a user of the op level: it calls no backend, and sees no device.
set(above_ops host/network host/train host/data host/model host/onnx)
quern_refuse("QUERN__CALL|->backend|->state|quern_backend"
             "networks are built on the public ops, not on the table of a backend"
             ${above_ops} EXCEPT host/network/whole_steps.c)
quern_refuse("#include.*(ops/check|backend|opencl|reference)[./]"
             "networks are built on the public ops alone" ${above_ops}
             EXCEPT host/network/whole_steps.c)
# OpenCL's types live in one folder.
quern_refuse("#include <CL/|(^|[^a-zA-Z0-9_])cl_(mem|context|event|command_queue|device_id|kernel|program)([^a-zA-Z0-9_]|$)"
             "OpenCL types live in host/opencl alone" host/ops host/reference ${above_ops})
# The ops know backends by the table.
quern_refuse("#include.*(opencl|reference)/" "ops know a backend by its table alone" host/ops)
# libquern-mpi is a library of its own; it shares the order of sums alone.
quern_refuse("#include \"\\.\\./([^c]|c[^o]|collective/[^s])|#include \"\\.\\./\\.\\./"
             "libquern-mpi uses the public API of libquern" host/mpi)
# The command is a program like any other.
quern_refuse("#include \"\\.\\./|quern__" "the command sees the public headers alone" host/cli)

# What a file, a driver or the command line says reaches a terminal through cli_print alone. The
# files named here print nothing of theirs, or write files.
set(own_texts bench canvas_svg config example example_table help log main metrics option_value
    placement predict print profile progress text)
list(TRANSFORM own_texts REPLACE "(.+)" "host/cli/\\1.c")
file(GLOB files RELATIVE "${SOURCE}" "${SOURCE}/host/cli/*.c")
list(REMOVE_ITEM files ${own_texts})
foreach(file IN LISTS files)
  file(READ "${SOURCE}/${file}" text)
  # texts in memory, printed later
  string(REGEX REPLACE "[^a-zA-Z0-9_](as|sn|vsn)printf" " " text "${text}")
  if("${text}" MATCHES
     "[^a-zA-Z0-9_](v?f?printf\\([^;]*%[-+ #0]*[*0-9]*(\\.[*0-9]*)?s|puts\\(|fputs\\([a-z])")
    string(APPEND bad
           "\n  ${file}: ${CMAKE_MATCH_1}\n    what people read is printed by cli_print, which makes it fit for a terminal")
  endif()
endforeach()

if(bad)
  message(FATAL_ERROR "these reach past the layer below theirs:${bad}")
endif()
