"""What every source promises. A test of a source subclasses `SourceContract` and gives its `subject`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from opsdash.core.errors import NeedsFixing, OpsdashError, Retryable
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import MetricQuery, Span
from opsdash.core.variables import FixedValues, FreeText, ValuesFrom
from opsdash.ports import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A source with data that is known to the suite."""

    source: Source
    span: Span
    """In the past: what is in it does not change any more."""
    several: MetricQuery
    """Gives at least two series in the span, without gaps."""
    nothing: MetricQuery
    """Is understood, and gives nothing."""
    refused: MetricQuery
    """Is not understood by the source."""
    foreign: MetricQuery
    """Of another kind of source."""
    wanted: ValuesFrom
    """Has at least two values in the span."""
    unreachable: Source
    """The same kind of source where nobody answers."""
    instants_are_points: bool = True
    """Whether the value at an instant is the value of the range there; not so for buckets."""


class SourceContract:
    """The suite."""

    async def test_a_range_stands_on_the_grid_that_was_asked(self, subject: Subject) -> None:
        window = (await subject.source.fetch(subject.several, subject.span)).window
        span = subject.span
        assert window.times.tolist() == [span.start_s + k * span.step_s for k in range(span.points)]
        assert window.values.shape == window.present.shape == (len(window.labels), span.points)
        assert (window.times.dtype, window.values.dtype, window.present.dtype) == (np.float64, np.float64, np.bool_)
        assert len(window.labels) >= 2
        assert window.present.all()

    async def test_label_sets_are_sorted_and_each_is_there_once(self, subject: Subject) -> None:
        labels = (await subject.source.fetch(subject.several, subject.span)).window.labels
        assert len(set(labels)) == len(labels)
        assert all(each == labels_of(each) for each in labels)

    async def test_a_part_of_the_time_gives_the_same_values(self, subject: Subject) -> None:
        """Incremental fetch rests on it."""
        span = subject.span
        part = Span(start_s=span.start_s + 2 * span.step_s, end_s=span.end_s - span.step_s, step_s=span.step_s)
        whole = (await subject.source.fetch(subject.several, span)).window.crop(part.start_s, part.end_s)
        piece = (await subject.source.fetch(subject.several, part)).window
        assert set(piece.labels) == set(whole.labels)
        assert piece.times.tolist() == whole.times.tolist()
        for row, labels in enumerate(piece.labels):
            other = whole.labels.index(labels)
            assert np.array_equal(piece.values[row], whole.values[other], equal_nan=True)

    async def test_the_same_question_gets_the_same_answer(self, subject: Subject) -> None:
        first = (await subject.source.fetch(subject.several, subject.span)).window
        second = (await subject.source.fetch(subject.several, subject.span)).window
        assert first.labels == second.labels
        assert np.array_equal(first.values, second.values, equal_nan=True)

    async def test_an_instant_is_one_column_at_its_time(self, subject: Subject) -> None:
        at_s = subject.span.end_s
        window = (await subject.source.fetch_instant(subject.several, at_s)).window
        assert window.times.shape == (1,)
        assert window.values.shape == window.present.shape == (len(window.labels), 1)
        if subject.instants_are_points:
            assert window.times.tolist() == [at_s]
            ranged = (await subject.source.fetch(subject.several, subject.span)).window
            newest = dict(zip(ranged.labels, ranged.values[:, -1].tolist(), strict=True))
            assert dict(zip(window.labels, window.values[:, 0].tolist(), strict=True)) == newest

    async def test_nothing_is_an_empty_window_and_no_error(self, subject: Subject) -> None:
        for answer in (
            await subject.source.fetch(subject.nothing, subject.span),
            await subject.source.fetch_instant(subject.nothing, subject.span.end_s),
        ):
            assert answer.window.is_empty
            assert (answer.cut, answer.warnings) == ((), ())
        times = (await subject.source.fetch(subject.nothing, subject.span)).window.times
        assert times.size in (0, subject.span.points)

    async def test_gaps_are_not_values(self, subject: Subject) -> None:
        window = (await subject.source.fetch(subject.several, subject.span)).window
        assert np.isnan(window.values[~window.present]).all()

    @pytest.mark.parametrize("which", ["refused", "foreign"])
    async def test_what_it_does_not_understand_has_to_be_fixed(self, subject: Subject, which: str) -> None:
        query = getattr(subject, which)
        with pytest.raises(NeedsFixing) as caught:
            await subject.source.fetch(query, subject.span)
        assert subject.source.name in caught.value.message
        assert caught.value.message.isprintable()

    async def test_many_may_ask_at_once(self, subject: Subject) -> None:
        asked = [subject.source.fetch(subject.several, subject.span) for _ in range(30)]
        answers = await asyncio.gather(*asked)
        assert {answer.window.labels for answer in answers} == {answers[0].window.labels}

    async def test_a_question_may_be_cancelled_and_the_next_one_is_answered(self, subject: Subject) -> None:
        for turns in (0, 1, 3, 10, 30):
            task = asyncio.ensure_future(subject.source.fetch(subject.several, subject.span))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        answer = await subject.source.fetch(subject.several, subject.span)
        assert not answer.window.is_empty

    async def test_it_says_what_it_is(self, subject: Subject) -> None:
        probe = await subject.source.probe()
        assert probe.product
        assert probe.rtt_s > 0

    async def test_values_of_a_variable_are_different_texts(self, subject: Subject) -> None:
        span = subject.span
        values = await subject.source.values(subject.wanted, span.start_s, span.end_s)
        assert len(values) >= 2
        assert len(set(values)) == len(values)
        assert all(isinstance(value, str) for value in values)

    async def test_values_that_need_no_source_are_given_back(self, subject: Subject) -> None:
        assert await subject.source.values(FixedValues(values=("b", "a")), 0, 1) == ("b", "a")
        assert await subject.source.values(FreeText(), 0, 1) == ()

    async def test_where_nobody_answers_asking_again_may_help(self, subject: Subject) -> None:
        for question in (
            subject.unreachable.fetch(subject.several, subject.span),
            subject.unreachable.fetch_instant(subject.several, subject.span.end_s),
            subject.unreachable.probe(),
            subject.unreachable.values(subject.wanted, subject.span.start_s, subject.span.end_s),
        ):
            with pytest.raises(Retryable) as caught:
                await question
            assert subject.unreachable.name in caught.value.message

    async def test_it_is_closed_once_or_twice_and_then_says_so(self, subject: Subject) -> None:
        await subject.source.fetch(subject.several, subject.span)
        await subject.source.aclose()
        await subject.source.aclose()
        with pytest.raises(OpsdashError):
            await subject.source.fetch(subject.several, subject.span)
