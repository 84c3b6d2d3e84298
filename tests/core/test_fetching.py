"""What is asked so that a window is complete again."""

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.fetching import Coverage, Extend, Fill, Head, Nothing, aligned, is_incremental, plan
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery, Span

QUERY = PromQuery(source="prom", expr="rate(x[1m])")
LOGS = EsQuery(source="logs", query="", metric=EsMetric(function="count"))
NOW = 1_790_000_005.0
WANTED = aligned(NOW - 3600, NOW, 10)
FULL = Coverage(step_s=10, from_s=WANTED.start_s, to_s=WANTED.end_s, filled_at_s=NOW)


def ask(
    known: Coverage | None, wanted: Span = WANTED, *, query: PromQuery | EsQuery = QUERY, live: bool = True
) -> object:
    return plan(query, known, wanted, now_s=max(NOW, wanted.end_s), live=live, lag_s=60)


def test_the_instants_of_a_span_are_multiples_of_its_step() -> None:
    assert (WANTED.start_s, WANTED.end_s) == (1_789_996_400, 1_790_000_000)
    assert WANTED.points == 361


def test_the_first_fetch_asks_for_everything() -> None:
    assert ask(None) == Fill(WANTED)


def test_between_two_steps_only_the_value_now_is_asked() -> None:
    assert ask(FULL) == Head(NOW)


def test_a_new_step_is_asked_with_a_short_overlap() -> None:
    wanted = aligned(NOW + 20 - 3600, NOW + 20, 10)
    assert ask(FULL, wanted) == Extend(Span(start_s=WANTED.end_s - 10, end_s=WANTED.end_s + 20, step_s=10))


def test_a_fixed_range_that_is_complete_is_not_asked_again() -> None:
    assert ask(FULL, live=False) == Nothing()


def test_another_step_asks_for_everything() -> None:
    wanted = aligned(NOW - 7200, NOW, 20)
    assert ask(FULL, wanted) == Fill(wanted)


def test_panning_into_the_past_asks_for_everything() -> None:
    wanted = aligned(NOW - 5400, NOW - 1800, 10)
    assert ask(FULL, wanted, live=False) == Fill(wanted)


def test_zooming_in_asks_for_nothing_but_the_value_now_where_the_step_stays() -> None:
    assert ask(FULL, Span(start_s=WANTED.start_s + 600, end_s=WANTED.end_s, step_s=10)) == Head(NOW)


def test_a_host_clock_that_jumps_back_or_far_ahead_asks_for_everything() -> None:
    back = aligned(NOW - 3600 - 3600, NOW - 3600, 10)
    ahead = aligned(NOW + 3600, NOW + 7200, 10)
    assert ask(FULL, back) == Fill(back)
    assert ask(FULL, ahead) == Fill(ahead)


def test_an_expression_whose_past_can_change_is_asked_whole() -> None:
    for expr in ("rate(x[5m] @ end())", "x @ start()", "x offset -5m", "sum(x OFFSET  -1h)"):
        query = PromQuery(source="prom", expr=expr)
        assert not is_incremental(query)
        assert ask(FULL, query=query) == Fill(WANTED)
    for expr in ("x offset 5m", 'x{a="@ end()"}', "x @ 1790000000", 'label_replace(x, "a", "offset -1", "b", "")'):
        assert is_incremental(PromQuery(source="prom", expr=expr))


def test_what_depends_on_the_ends_of_its_range_is_asked_again_for_a_part_of_it() -> None:
    query = PromQuery(source="prom", expr="up - up @ end()")
    wanted = Span(start_s=NOW - 7200, end_s=NOW - 3600, step_s=10)
    known = Coverage(step_s=10, from_s=wanted.start_s, to_s=wanted.end_s, filled_at_s=NOW)
    part = Span(start_s=NOW - 7000, end_s=NOW - 4000, step_s=10)
    assert plan(query, known, wanted, now_s=NOW, live=False, lag_s=60) == Nothing()
    assert plan(query, known, part, now_s=NOW, live=False, lag_s=60) == Fill(part)
    assert plan(QUERY, known, part, now_s=NOW, live=False, lag_s=60) == Nothing()


def test_the_tail_of_logs_is_asked_again_for_as_long_as_documents_may_come_late() -> None:
    assert ask(FULL, query=LOGS) == Extend(Span(start_s=WANTED.end_s - 60, end_s=NOW, step_s=10))


def test_the_top_groups_of_logs_are_chosen_anew_now_and_then() -> None:
    old = Coverage(step_s=10, from_s=WANTED.start_s, to_s=WANTED.end_s, filled_at_s=NOW - 301)
    assert isinstance(ask(old, query=LOGS), Fill)


@given(st.floats(30, 86_400), st.floats(0, 7_200), st.sampled_from([1.0, 5.0, 10.0, 60.0, 300.0]))
def test_whatever_is_asked_the_window_then_reaches_the_newest_step(length: float, later: float, step: float) -> None:
    first = aligned(NOW - length, NOW, step)
    known = Coverage(step_s=step, from_s=first.start_s, to_s=first.end_s, filled_at_s=NOW)
    wanted = aligned(NOW + later - length, NOW + later, step)
    match plan(QUERY, known, wanted, now_s=NOW + later, live=True, lag_s=60):
        case Fill(span=span):
            assert span == wanted
        case Extend(span=span):
            assert span.end_s == wanted.end_s
            assert span.start_s <= known.to_s
        case Head():
            assert known.to_s >= wanted.end_s
        case other:
            raise AssertionError(other)
