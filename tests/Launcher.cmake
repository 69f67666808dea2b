# How tests start ranks, where there is MPI and its launcher. Sets
#   mpiexec          the launcher and its options, before -n; empty where there is none
#   mpi_environment  what its ranks need
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

include(Mpiexec)
set(mpiexec ${quern_mpiexec})
set(mpi_environment ${quern_mpiexec_environment} OMPI_MCA_mpi_yield_when_idle=1
    OMPI_MCA_odls_base_sigkill_timeout=0)
