# How tests start ranks, where there is MPI and its launcher. Sets
#   mpiexec          the launcher and its options, before -n; empty where there is none
#   mpi_environment  what its ranks need
#
# Open MPI wants to be told that root may, and that ranks may be more than cores; MPICH takes both. Over shared memory alone: no test
# opens a port to the world.
set(mpiexec)
set(mpi_environment)
if(NOT QUERN_WITH_MPI)
  message(NOTICE "quern: MPI was not found or is not wanted: its tests are left out")
  return()
endif()
if(NOT MPIEXEC_EXECUTABLE)
  message(NOTICE "quern: mpirun was not found: the tests of MPI are left out")
  return()
endif()

execute_process(COMMAND "${MPIEXEC_EXECUTABLE}" --version OUTPUT_VARIABLE mpiexec_version ERROR_QUIET)
set(mpiexec "${MPIEXEC_EXECUTABLE}")
if(mpiexec_version MATCHES "Open ?MPI|OpenRTE")
  list(APPEND mpiexec --oversubscribe --bind-to none)
endif()
set(mpi_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,vader
    OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_odls_base_sigkill_timeout=0)
