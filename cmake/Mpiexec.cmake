# Starting ranks from the build: quern_mpiexec is the command, and quern_mpiexec_environment its
# environment.
#
# Open MPI needs options to run as root and to have more ranks than cores; MPICH does not. Ranks use
# shared memory only, so no port is opened.
execute_process(COMMAND "${MPIEXEC_EXECUTABLE}" --version OUTPUT_VARIABLE mpiexec_version
                ERROR_QUIET)
set(quern_mpiexec "${MPIEXEC_EXECUTABLE}")
if(mpiexec_version MATCHES "Open ?MPI|OpenRTE")
  list(APPEND quern_mpiexec --oversubscribe --bind-to none)
endif()
set(quern_mpiexec_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_btl=self,vader OMPI_MCA_rmaps_base_oversubscribe=1)
