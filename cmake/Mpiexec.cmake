# How ranks are started on this machine by what runs them from the build: quern_mpiexec is the
# command, and quern_mpiexec_environment what it wants in its environment.
#
# Open MPI wants to be told that root may, and that ranks may be more than cores; MPICH takes both.
# Over shared memory alone: nothing opens a port to the world.
execute_process(COMMAND "${MPIEXEC_EXECUTABLE}" --version OUTPUT_VARIABLE mpiexec_version
                ERROR_QUIET)
set(quern_mpiexec "${MPIEXEC_EXECUTABLE}")
if(mpiexec_version MATCHES "Open ?MPI|OpenRTE")
  list(APPEND quern_mpiexec --oversubscribe --bind-to none)
endif()
set(quern_mpiexec_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_btl=self,vader OMPI_MCA_rmaps_base_oversubscribe=1)
