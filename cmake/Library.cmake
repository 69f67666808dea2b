# quern_add_library(<name> [STATIC])
# Makes libquern from quern_objects: shared or static by BUILD_SHARED_LIBS, or static.
include(CheckLinkerFlag)
set(quern_export_list "${CMAKE_CURRENT_LIST_DIR}/quern.map")
check_linker_flag(C "LINKER:--version-script=${quern_export_list}" QUERN_HAS_VERSION_SCRIPT)

# Properties of every library: exported names, version.
function(quern_finish_library name output)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${output} VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR})
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    quern_harden(${name})
    target_link_options(${name} PRIVATE $<$<NOT:$<BOOL:${QUERN_SANITIZE}>>:LINKER:-z,defs>)
    if(QUERN_HAS_VERSION_SCRIPT)
      target_link_options(${name} PRIVATE "LINKER:--version-script=${quern_export_list}")
      set_target_properties(${name} PROPERTIES LINK_DEPENDS "${quern_export_list}")
    endif()
  endif()
endfunction()

# quern_add_mpi_library(<name> <libquern> [STATIC]) makes libquern-mpi, which only uses the public
# API of libquern, shared or static as that is.
function(quern_add_mpi_objects name)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host/mpi/*.c")
  add_library(${name} OBJECT ${sources})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/include")
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  # MPICH's MPI_STATUSES_IGNORE is the address 1, which GCC takes for an empty array.
  target_compile_options(${name} PRIVATE $<$<C_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
  target_link_libraries(${name} PRIVATE MPI::MPI_C quern_warnings quern_hardening)
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()

function(quern_add_mpi_library name libquern)
  add_library(${name} ${ARGN} $<TARGET_OBJECTS:quern_mpi_objects>)
  target_link_libraries(${name} PUBLIC ${libquern} MPI::MPI_C PRIVATE
                        $<BUILD_INTERFACE:quern_warnings>)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  quern_finish_library(${name} quern-mpi)
endfunction()

function(quern_add_library name)
  add_library(${name} ${ARGN} $<TARGET_OBJECTS:quern_objects>)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:quern_warnings> ZLIB::ZLIB cJSON::cJSON
                        ${onnx_libraries} ${CMAKE_DL_LIBS} m)
  quern_finish_library(${name} quern)
endfunction()
