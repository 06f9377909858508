"""The REST adapter against a server that behaves like a PHAROS, and against one that does not."""

import pytest

from lasercam.errors import InputError, LinkError
from lasercam.lasers.pharos import PharosKeys, PharosLaser
from lasercam.lasers.rest import RestLink
from lasercam.lasers.session import LaserSession
from lasercam.model.laser_control import LaserTargets
from tests.lasers.pharos_double import PharosDouble, Trouble
from tests.support import builders

TARGETS = LaserTargets(10, 34.2, 10_000.0)


def laser_of(double: PharosDouble, **changes: object) -> PharosLaser:
    data = {
        "kind": "pharos", "url": double.url, "source": "a double", "timeout": "10 s", "settle_time": "10 s",
        "poll_interval": "5 ms", **changes,
    }  # fmt: skip
    return PharosLaser(PharosKeys.model_validate(data), builders.machine().laser)


def test_what_is_sent_is_what_the_service_takes(double: PharosDouble) -> None:
    laser = laser_of(double)
    laser.set_targets(TARGETS)
    laser.set_targets(LaserTargets(5))
    laser.open_output()
    laser.close_output()
    assert double.log == [
        ("PUT", "/v1/Basic/TargetPpDivider", "10"),
        ("PUT", "/v1/Basic/TargetAttenuatorPercentage", "34.2"),
        ("PUT", "/v1/Basic/TargetPpDivider", "5"),
        ("POST", "/v1/Basic/EnableOutput", ""),
        ("POST", "/v1/Basic/CloseOutput", ""),
    ]


def test_kilohertz_watts_and_percent_become_the_house_units(double: PharosDouble) -> None:
    double.divider = 4
    state = laser_of(double).read()
    assert state.rate_hz == pytest.approx(25_025.0)
    assert state.attenuator_percent == pytest.approx(100.1)
    assert (state.divider, state.is_open, state.condition) == (4, False, "Operational")
    assert (state.pulse_energy_uj, state.power_uw) == (1.5, 0.0)
    double.is_open = True
    assert laser_of(double).read().power_uw == 500_000.0


def test_a_slow_attenuator_is_waited_for(double: PharosDouble) -> None:
    with LaserSession(laser_of(double)) as laser:
        state = laser.apply(TARGETS)
    assert state.attenuator_percent == pytest.approx(34.3)
    assert state.divider == 10


def test_light_only_inside_the_context(double: PharosDouble) -> None:
    with LaserSession(laser_of(double)) as laser:
        laser.apply(TARGETS)
        assert not double.light
        with laser.beam() as state:
            assert state.is_open
            assert double.light
        assert not double.light


SAID = {
    Trouble.TIMEOUT: "does not answer",
    Trouble.DRIP: "does not answer",
    Trouble.SERVER_ERROR: "refused with 500 (internal error in the control program)",
    Trouble.GARBAGE: "what is not JSON: '<html>",
    Trouble.NOT_AN_OBJECT: "answers no status",
    Trouble.HUGE: "more than 65,536 bytes",
    Trouble.DROPPED: "does not answer",
    Trouble.CUT_SHORT: "does not answer",
    Trouble.REDIRECT: "redirects are not followed",
    Trouble.TEXT_NUMBER: "ActualAttenuatorPercentage is '34.2', not a number",
    Trouble.NAN: "not JSON",
    Trouble.HALF_DIVIDER: "ActualPpDivider is 2.5, not a whole number",
}


@pytest.mark.parametrize("trouble", SAID)
def test_an_answer_that_cannot_be_trusted_is_a_failed_link(double: PharosDouble, trouble: Trouble) -> None:
    double.trouble = {trouble}
    patience = "0.25 s" if trouble in (Trouble.TIMEOUT, Trouble.DRIP) else "10 s"
    with pytest.raises(LinkError) as raised:
        laser_of(double, timeout=patience).read()
    assert SAID[trouble] in str(raised.value)


DIFFERS = {
    Trouble.STUCK_ATTENUATOR: "the attenuator is at 100.1 %, not 34.2 % ± 0.5 %",
    Trouble.OTHER_FREQUENCY: "20000 pulses per second leave the picker, not 10000 ± 1 %",
    Trouble.NO_DIVIDER: "the picker's divider is not known, not 10",
}


@pytest.mark.parametrize("trouble", DIFFERS)
def test_a_laser_that_does_something_else_is_named(double: PharosDouble, trouble: Trouble) -> None:
    double.trouble = {trouble}
    with LaserSession(laser_of(double, settle_time="0.1 s")) as laser, pytest.raises(LinkError) as raised:
        laser.apply(TARGETS)
    assert DIFFERS[trouble] in str(raised.value)
    assert not double.light


def test_a_refusal_says_what_it_may_mean(double: PharosDouble) -> None:
    double.trouble = {Trouble.NOT_READY}
    with (
        LaserSession(laser_of(double)) as laser,
        pytest.raises(LinkError, match=r"403.*not operational.*state"),
        laser.beam(),
    ):
        pass
    with pytest.raises(LinkError, match=r"403.*bounds"):
        laser_of(double).set_targets(LaserTargets(5000))
    with pytest.raises(LinkError, match=r"404.*check the version"):
        laser_of(double, url=double.url.replace("v1", "v0")).read()


def test_nobody_listens() -> None:
    double = PharosDouble()
    laser = laser_of(double)
    double.stop()
    with pytest.raises(LinkError, match="does not answer"):
        laser.read()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1:20022/v1", "file:///etc/passwd", "http://127.0.0.1/v1", "http://me:secret@127.0.0.1:1/v1",
        "http://127.0.0.1:20022/v1?x=1", "http://127.0.0.1:20022/v1 /x", "http://127.0.0.1:99999/v1", "127.0.0.1:20022",
        "http://127.0.0.1:20022/v1\r\nX: y", "http://[::1:20022/v1", "http://127.0.0.1:20022/../v1#x",
    ],
)  # fmt: skip
def test_urls_that_no_laser_has(url: str) -> None:
    with pytest.raises(InputError) as raised:
        RestLink(url, 1.0)
    assert "http://192.168.240.10:20022/v1" in str(raised.value)
