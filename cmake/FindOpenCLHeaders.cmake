# Finds the OpenCL headers only; the loader is opened at run time. Defines OpenCL::Headers.
find_path(OpenCLHeaders_INCLUDE_DIR CL/cl.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCLHeaders REQUIRED_VARS OpenCLHeaders_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "CL/cl.h was not found: install opencl-headers")
if(OpenCLHeaders_FOUND AND NOT TARGET OpenCL::Headers)
  add_library(OpenCL::Headers INTERFACE IMPORTED)
  set_target_properties(OpenCL::Headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES
                        "${OpenCLHeaders_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS "CL_TARGET_OPENCL_VERSION=120")
endif()
mark_as_advanced(OpenCLHeaders_INCLUDE_DIR)
