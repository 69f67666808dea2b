# quern_embed_files(<out-var> <group> <file>...)
# Makes C sources with the files as byte arrays, and embedded/<group>_embedded.h, which declares
# them:
#   extern const unsigned char quern__<group>_<name>[];
#   extern const size_t quern__<group>_<name>_size;
# <name> is the file's name without its extension. Changed files are embedded again.
function(quern_embed_files out_var group)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  set(sources)
  set(declarations "")
  foreach(file IN LISTS ARGN)
    get_filename_component(path "${file}" ABSOLUTE)
    get_filename_component(name "${file}" NAME_WE)
    set(symbol "quern__${group}_${name}")
    set(source "${folder}/${group}_${name}.c")
    add_custom_command(
      OUTPUT "${source}"
      COMMAND "${CMAKE_COMMAND}" -DINPUT=${path} -DOUTPUT=${source} -DSYMBOL=${symbol}
      -DGROUP=${group}
              -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/EmbedFileScript.cmake"
      DEPENDS "${path}" "${CMAKE_CURRENT_SOURCE_DIR}/cmake/EmbedFileScript.cmake"
      VERBATIM)
    list(APPEND sources "${source}")
    string(APPEND declarations
           "extern const unsigned char ${symbol}[];\nextern const size_t ${symbol}_size;\n")
  endforeach()
  file(CONFIGURE OUTPUT "${folder}/${group}_embedded.h" @ONLY CONTENT
       "/* Files in the library; made by CMake. */\n#include <stddef.h>\n@declarations@")
  set(${out_var} ${sources} PARENT_SCOPE)
endfunction()
