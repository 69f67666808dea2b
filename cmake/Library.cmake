# quern_add_library(<name> [STATIC])
# A library libquern of quern_objects: shared or static as BUILD_SHARED_LIBS says, or static.
include(CheckLinkerFlag)
set(quern_export_list "${CMAKE_CURRENT_LIST_DIR}/quern.map")
check_linker_flag(C "LINKER:--version-script=${quern_export_list}" QUERN_HAS_VERSION_SCRIPT)

function(quern_add_library name)
  add_library(${name} ${ARGN} $<TARGET_OBJECTS:quern_objects>)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:quern_warnings> ZLIB::ZLIB cJSON::cJSON ${onnx_libraries}
                        ${CMAKE_DL_LIBS} m)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME quern VERSION ${PROJECT_VERSION}
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
