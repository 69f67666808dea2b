# Every public header compiles alone, as C11 and, if there is a C++ compiler, as C++17.
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
else()
  message(NOTICE "quern: no C++ compiler was found: the public headers are not tried as C++")
endif()

file(GLOB public_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
     "${PROJECT_SOURCE_DIR}/include/quern/*.h")
if(NOT QUERN_WITH_MPI)
  list(REMOVE_ITEM public_headers quern/mpi.h)
endif()
foreach(language IN ITEMS c cpp)
  if(language STREQUAL "cpp" AND NOT CMAKE_CXX_COMPILER)
    continue()
  endif()
  set(sources)
  foreach(header IN LISTS public_headers)
    string(MAKE_C_IDENTIFIER "${header}" name)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.${language}")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\nint ${name}_compiles(void);\n\
int ${name}_compiles(void) { return 0; }\n")
    list(APPEND sources "${source}")
  endforeach()
  add_library(quern_headers_${language} OBJECT ${sources})
  target_include_directories(quern_headers_${language} PRIVATE "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(quern_headers_${language} PRIVATE quern_warnings
                        $<$<BOOL:${QUERN_WITH_MPI}>:MPI::MPI_C>)
  target_compile_features(quern_headers_${language} PRIVATE
                          $<IF:$<STREQUAL:${language},c>,c_std_11,cxx_std_17>)
  set_target_properties(quern_headers_${language} PROPERTIES CXX_EXTENSIONS OFF)
endforeach()
