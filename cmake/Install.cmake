# Installed files, and the target `uninstall`, which removes them. They contain no absolute path, so
# a prefix can be moved as a whole, unless CMAKE_INSTALL_LIBDIR or …INCLUDEDIR is absolute.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/quern")
set(made_dir "${CMAKE_CURRENT_BINARY_DIR}/package")

set(without_header PATTERN mpi.h EXCLUDE)
if(QUERN_WITH_MPI)
  set(without_header)
endif()
install(DIRECTORY include/quern DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN
        "*.h" ${without_header})

# For find_package(quern). Each library has its own target file, because only the static ones have
# dependencies to link. `quern` is shared or static. Under BUILD_SHARED_LIBS, `quern_static` may be
# installed too. The same holds for libquern-mpi.
function(quern_install_library name file)
  install(TARGETS ${name} EXPORT ${file})
  install(EXPORT ${file} NAMESPACE quern:: DESTINATION "${package_dir}" FILE ${file}.cmake)
endfunction()

if(BUILD_SHARED_LIBS)
  quern_install_library(quern quern-shared)
  if(QUERN_BUILD_STATIC)
    quern_install_library(quern_static quern-static)
  endif()
else()
  set_target_properties(quern PROPERTIES EXPORT_NAME quern_static)
  quern_install_library(quern quern-static)
endif()
if(QUERN_WITH_MPI)
  set_target_properties(quern_mpi PROPERTIES EXPORT_NAME mpi)
  if(BUILD_SHARED_LIBS)
    # libquern is in the same folder. A program's RUNPATH is not used for its libraries' needs.
    if(NOT DEFINED CMAKE_INSTALL_RPATH)
      set_target_properties(quern_mpi PROPERTIES INSTALL_RPATH "\$ORIGIN")
    endif()
    quern_install_library(quern_mpi quern-mpi-shared)
    if(QUERN_BUILD_STATIC)
      set_target_properties(quern_mpi_static PROPERTIES EXPORT_NAME mpi_static)
      quern_install_library(quern_mpi_static quern-mpi-static)
    endif()
  else()
    set_target_properties(quern_mpi PROPERTIES EXPORT_NAME mpi_static)
    quern_install_library(quern_mpi quern-mpi-static)
  endif()
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/quernConfig.cmake.in"
                              "${made_dir}/quernConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the API.
write_basic_package_version_file("${made_dir}/quernConfigVersion.cmake" COMPATIBILITY
                                 SameMinorVersion)
install(FILES "${made_dir}/quernConfig.cmake" "${made_dir}/quernConfigVersion.cmake"
        "${CMAKE_CURRENT_LIST_DIR}/FindcJSON.cmake" "${CMAKE_CURRENT_LIST_DIR}/FindProtobufC.cmake"
        DESTINATION "${package_dir}")

# For pkg-config. The prefix follows from the place of quern.pc. If only the static library is
# installed, its dependencies are not private.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
  set(pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(pc_requires "zlib libcjson")
if(QUERN_WITH_ONNX)
  string(APPEND pc_requires " libprotobuf-c")
endif()
set(pc_libs "Libs: -L\${libdir} -lquern")
set(pc_private "")
if(BUILD_SHARED_LIBS)
  set(pc_private ".private")
  string(APPEND pc_libs "\nLibs.private:")
endif()
foreach(library IN ITEMS m ${CMAKE_DL_LIBS})
  string(APPEND pc_libs " -l${library}")
endforeach()
configure_file("${CMAKE_CURRENT_LIST_DIR}/quern.pc.in" "${made_dir}/quern.pc" @ONLY)
install(FILES "${made_dir}/quern.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(QUERN_WITH_MPI)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/quern-mpi.pc.in" "${made_dir}/quern-mpi.pc" @ONLY)
  install(FILES "${made_dir}/quern-mpi.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# The command, its manual page, and completion in each shell's folder.
if(QUERN_BUILD_CLI)
  # The shared library is found relative to the command, in any prefix, unless a packager sets an
  # RPATH or CMAKE_SKIP_INSTALL_RPATH.
  if(BUILD_SHARED_LIBS AND NOT DEFINED CMAKE_INSTALL_RPATH AND NOT IS_ABSOLUTE
     "${CMAKE_INSTALL_LIBDIR}")
    file(RELATIVE_PATH to_library "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(quern_cli PROPERTIES INSTALL_RPATH "\$ORIGIN/${to_library}")
  endif()
  install(TARGETS quern_cli)
  install(FILES docs/quern.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  set(completion packaging/completion)
  install(FILES ${completion}/quern DESTINATION
          "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES ${completion}/_quern DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES ${completion}/quern.fish DESTINATION
          "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()

if(PROJECT_IS_TOP_LEVEL)
  add_custom_target(uninstall COMMAND "${CMAKE_COMMAND}" "-DBINARY_DIR=${CMAKE_CURRENT_BINARY_DIR}"
                    -P "${CMAKE_CURRENT_LIST_DIR}/Uninstall.cmake" VERBATIM)
endif()
