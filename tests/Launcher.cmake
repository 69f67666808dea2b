# How tests start ranks, if there is MPI and its launcher. Sets
#   mpiexec          the launcher and its options, before -n; empty without a launcher
#   mpi_environment  the environment of its ranks
set(mpiexec)
set(mpi_environment)
if(NOT QUERN_WITH_MPI)
  message(NOTICE "quern: MPI was not found or is disabled: skipping its tests")
  return()
endif()
if(NOT MPIEXEC_EXECUTABLE)
  message(NOTICE "quern: mpirun was not found: skipping the tests of MPI")
  return()
endif()

include(Mpiexec)
set(mpiexec ${quern_mpiexec})
set(mpi_environment ${quern_mpiexec_environment} OMPI_MCA_mpi_yield_when_idle=1
    OMPI_MCA_odls_base_sigkill_timeout=0)
