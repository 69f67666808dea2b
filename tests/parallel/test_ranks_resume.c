/* Ranks stop, and as many or another number continues. */
#include "ranks_run.h"

/* Saved within an epoch by 3 ranks, and resumed by 3, with the bits of training that never stopped,
 * and by 1, 2 and 4. */
static bool stop_later(void *user) {
  run *r = user;
  return r->asked++ >= r->allowed;
}

static void test_resume_on_another_count(void **state) {
  (void)state;
  const task current = task_at(0);
  quern_train_options options = task_options(&current);
  run whole[TEST_MOST_RANKS], part[TEST_MOST_RANKS];
  test_rank results[TEST_MOST_RANKS];
  train_ranks(&current, &options, references, 3, whole, results);
  assert_all_alike(whole, results, 3, false);

  void *users[TEST_MOST_RANKS];
  options.checkpoint = CHECKPOINT;
  for (size_t r = 0; r < 3; r++) {
    part[r] = make_run(&current, &options, REFERENCE, r);
    part[r].allowed = 5; /* in the second epoch, as slices grow */
    /* One rank requests a stop, and all stop. */
    if (r == 1) part[r].options.stop = stop_later;
    users[r] = &part[r];
  }
  for (size_t r = 0; r < 3; r++) part[r].options.user = &part[r];
  test_run_ranks(3, 60, train_rank, users, results);
  assert_all_alike(part, results, 3, false);
  assert_true(part[0].last.epoch < current.epochs || part[0].last.step < part[0].last.steps);
  assert_true(part[0].last.step > 0);
  free_runs(part, 3);

  options.checkpoint = NULL;
  options.resume = CHECKPOINT;
  for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++) {
    run on[TEST_MOST_RANKS];
    train_ranks(&current, &options, references, ranks, on, results);
    assert_all_alike(on, results, ranks, false);
    if (ranks == 3)
      assert_same_bits(on[0].network, whole[0].network);
    else
      assert_near(on[0].network, whole[0].network, bound_of(&current, 4));
    /* The losses of an interrupted epoch before the stop count once. */
    if (ranks == 3)
      assert_same_figures(&on[0].last, &whole[0].last);
    else
      assert_true(fabs(on[0].last.train_loss - whole[0].last.train_loss) <= bound_of(&current, 4));
    free_runs(on, ranks);
  }
  /* Also in a single process. */
  options.resume = CHECKPOINT;
  run alone = train_alone(&current, &options, REFERENCE);
  assert_near(alone.network, whole[0].network, bound_of(&current, 4));
  free_run(&alone);
  free_runs(whole, 3);
}

/* A trainer that continued after saving goes back; every rank drops the losses since then. */
static quern_status go_back(test_rank *rank) {
  run *r = rank->user;
  quern_trainer *trainer;
  quern_epoch epoch;
  r->options.collective = rank->collective;
  quern_status status = quern_trainer_create(contexts[r->device][rank->collective->rank],
                                             r->network, r->data, r->test, &r->options, &trainer);
  if (status != QUERN_OK) return status;
  status = quern_trainer_steps(trainer, 2, &epoch);
  if (status == QUERN_OK) status = quern_trainer_save(trainer, r->path);
  if (status == QUERN_OK) status = quern_trainer_steps(trainer, 2, &epoch);
  if (status == QUERN_OK) status = quern_trainer_resume(trainer, r->path);
  for (size_t e = 0; status == QUERN_OK && e < r->options.epochs; e++) {
    status = quern_trainer_epoch(trainer, &r->last);
    if (e == 0) epoch = r->last;
  }
  if (status == QUERN_OK) status = quern_trainer_download(trainer, r->network);
  r->first_loss = epoch.train_loss;
  quern_trainer_free(trainer);
  return status;
}

static void test_back_and_on(void **state) {
  (void)state;
  enum { RANKS = 3 };
  const task current = task_at(0);
  quern_train_options options = task_options(&current), once = options;
  run straight[RANKS], back[RANKS], first[RANKS];
  void *users[RANKS];
  test_rank results[RANKS];
  train_ranks(&current, &options, references, RANKS, straight, results);
  assert_all_alike(straight, results, RANKS, false);
  once.epochs = 1;
  const char *path = CHECKPOINT;
  train_ranks(&current, &once, references, RANKS, first, results);
  for (size_t r = 0; r < RANKS; r++) {
    back[r] = make_run(&current, &options, REFERENCE, r);
    back[r].path = path;
    users[r] = &back[r];
  }
  test_run_ranks(RANKS, 60, go_back, users, results);
  assert_all_alike(back, results, RANKS, false);
  assert_same_bits(back[0].network, straight[0].network);
  assert_same_figures(&back[0].last, &straight[0].last);
  for (size_t r = 0; r < RANKS; r++) assert_true(back[r].first_loss == first[0].last.train_loss);
  free_runs(straight, RANKS);
  free_runs(back, RANKS);
  free_runs(first, RANKS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume_on_another_count),
                                     cmocka_unit_test(test_back_and_on)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}
