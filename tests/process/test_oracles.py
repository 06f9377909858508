"""Every worked example of `oracles.yaml`, computed by the function that states its formula."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lasercam.process import (
    ablation,
    cavity,
    dose,
    emission_model,
    fluence,
    focus,
    heat,
    kinetics,
    optics,
    pump,
    scanning,
    shock,
    voxel,
)

Numbers = Mapping[str, Any]
Example = Callable[[Numbers], dict[str, float]]

TOLERANCE = 1e-4
ORACLES = {
    entry["id"]: entry for entry in yaml.safe_load(Path(__file__).with_name("oracles.yaml").read_text(encoding="utf-8"))
}

M2_S = 1e12  # µm²/s
MM = 1e3  # µm
MJ_CM2 = 1e-3  # J/cm²
NJ = 1e-3  # µJ
KHZ = 1e3  # Hz
W = 1e6  # µW
MW_MEGA = 1e12  # µW
EXAMPLES: dict[str, Example] = {}


def example(*ids: str) -> Callable[[Example], Example]:
    def register(compute: Example) -> Example:
        for oracle_id in ids:
            assert oracle_id not in EXAMPLES
            EXAMPLES[oracle_id] = compute
        return compute

    return register


@example("F01a", "F01b")
def spot(i: Numbers) -> dict[str, float]:
    return {"w0_um": optics.spot_radius_um(i["lambda_nm"], i["NA"], i["M2"])}


@example("F02a", "F02b")
def airy(i: Numbers) -> dict[str, float]:
    at = (i["lambda_nm"], i["NA"])
    return {
        "airy_diameter_um": optics.airy_diameter_um(*at),
        "airy_fwhm_um": optics.airy_fwhm_um(*at),
        "abbe_period_um": optics.incoherent_period_um(*at),
        "coherent_period_um": optics.coherent_period_um(*at),
    }


@example("F03")
def fwhm(i: Numbers) -> dict[str, float]:
    w0 = optics.spot_radius_from_fwhm_um(i["fwhm_um"])
    return {"w0_um": w0, "rel_fluence_at_r5um": fluence.gaussian_fluence_j_cm2(1.0, w0, 5.0)}


@example("F04a", "F04b")
def rayleigh(i: Numbers) -> dict[str, float]:
    z_r = rayleigh_of(i)
    return {"zR_um": z_r, "dof_um": optics.depth_of_focus_um(z_r)}


@example("F05")
def defocus(i: Numbers) -> dict[str, float]:
    w0 = optics.spot_radius_um(i["lambda_nm"], i["NA"], 1.0)
    z_r = rayleigh_of(i)
    return {
        "w_um": optics.defocused_radius_um(w0, z_r, i["z_um"]),
        "F_ratio": optics.defocus_fluence_ratio(i["z_um"], z_r),
        "z_for_10pct_drop_um": optics.defocus_for_fluence_drop_um(z_r, 0.1),
    }


@example("F06a")
def peak_and_mean(i: Numbers) -> dict[str, float]:
    at = (i["E_nJ"] * NJ, i["w0_um"])
    return {"F0_J_cm2": fluence.peak_fluence_j_cm2(*at), "Fmean_J_cm2": fluence.mean_fluence_j_cm2(*at)}


@example("F06b")
def tight_focus(i: Numbers) -> dict[str, float]:
    w0 = optics.spot_radius_um(i["lambda_nm"], i["NA"], 1.0)
    return {"F0_J_cm2": fluence.peak_fluence_j_cm2(i["E_uJ"], w0)}


@example("F06c")
def energy_for_fluence(i: Numbers) -> dict[str, float]:
    return {"E_nJ": fluence.pulse_energy_for_peak_fluence_uj(i["F0_J_cm2"], i["w0_um"]) / NJ}


@example("F07")
def profile(i: Numbers) -> dict[str, float]:
    return {"F_J_cm2": fluence.gaussian_fluence_j_cm2(i["F0_J_cm2"], i["w0_um"], i["r_um"])}


@example("F08a", "F08b")
def ring_energy(i: Numbers) -> dict[str, float]:
    ring = (i["R_in_um"], i["R_out_um"])
    return {
        "area_um2": fluence.ring_area_um2(*ring),
        "E_nJ": fluence.ring_pulse_energy_uj(i["F_mJ_cm2"] * MJ_CM2, *ring) / NJ,
    }


@example("F08c")
def ring_fluence(i: Numbers) -> dict[str, float]:
    ring = fluence.ring_fluence_j_cm2(i["E_nJ"] * NJ, i["R_in_um"], i["R_out_um"])
    return {"F_mJ_cm2": ring / MJ_CM2}


@example("F09")
def vortex(i: Numbers) -> dict[str, float]:
    at = (i["E_nJ"] * NJ, i["w0_um"])
    radius = fluence.vortex_peak_radius_um(i["w0_um"])
    peak = fluence.vortex_peak_fluence_j_cm2(*at)
    assert fluence.vortex_fluence_j_cm2(*at, radius) == pytest.approx(peak, rel=1e-12)
    return {"r_peak_um": radius, "F_peak_mJ_cm2": peak / MJ_CM2}


@example("F10a")
def power(i: Numbers) -> dict[str, float]:
    return {"P_W": dose.average_power_uw(i["E_uJ"], i["f_kHz"] * KHZ) / W}


@example("F10b")
def energy(i: Numbers) -> dict[str, float]:
    return {"E_uJ": dose.pulse_energy_from_power_uj(i["P_W"] * W, i["f_kHz"] * KHZ)}


@example("F10c")
def rate(i: Numbers) -> dict[str, float]:
    return {"f_kHz": dose.rep_rate_from_power_hz(i["P_W"] * W, i["E_uJ"]) / KHZ}


@example("F11a", "F11b")
def peak_power(i: Numbers) -> dict[str, float]:
    return {"P_peak_MW": fluence.peak_power_uw(i["E_uJ"], i["tau_fs"], i["shape"]) / MW_MEGA}


@example("F11c")
def peak_irradiance(i: Numbers) -> dict[str, float]:
    at = i["F_mJ_cm2"] * MJ_CM2
    return {"I_W_cm2": fluence.peak_irradiance_w_cm2(at, i["tau_fs"], "gaussian")}


@example("F12")
def scan(i: Numbers) -> dict[str, float]:
    at = (i["w0_um"], i["f_kHz"] * KHZ, i["v_mm_s"] * MM)
    return {
        "pitch_nm": scanning.pulse_pitch_um(at[2], at[1]) * 1e3,
        "N_eff": scanning.pulses_per_spot(*at),
        "N_dose": scanning.dose_equivalent_pulses(*at),
        "overlap": scanning.pulse_overlap(*at),
        "dwell_s": scanning.dwell_s(at[0], at[2]),
    }


@example("F13a")
def line(i: Numbers) -> dict[str, float]:
    return {"line_dose_J_mm": dose.line_dose_j_mm(i["P_W"] * W, i["v_mm_s"] * MM)}


@example("F13b")
def area(i: Numbers) -> dict[str, float]:
    return {"areal_dose_J_cm2": dose.areal_dose_j_cm2(i["P_W"] * W, i["v_mm_s"] * MM, i["hatch_um"])}


@example("F13c")
def volume(i: Numbers) -> dict[str, float]:
    fill = dose.volumetric_dose_j_mm3(i["P_W"] * W, i["v_mm_s"] * MM, i["hatch_um"], i["layer_um"])
    return {"vol_dose_J_mm3": fill}


@example("F13d")
def axis(i: Numbers) -> dict[str, float]:
    on_axis = dose.accumulated_fluence_j_cm2(i["P_W"] * W, i["w0_um"], i["v_mm_s"] * MM)
    return {"F_acc_axis_J_cm2": on_axis}


@example("F14a", "F14b")
def incubation(i: Numbers) -> dict[str, float]:
    lowered = ablation.incubated_threshold_j_cm2(i["Fth1_mJ_cm2"] * MJ_CM2, i["N"], i["S"])
    return {"FthN_mJ_cm2": lowered / MJ_CM2}


@example("F14c")
def exponent(i: Numbers) -> dict[str, float]:
    return {"S": ablation.incubation_exponent(i["Fth1_over_FthN"], i["N"])}


@example("F15a")
def diameter(i: Numbers) -> dict[str, float]:
    fluences = (i["F0_mJ_cm2"] * MJ_CM2, i["Fth_mJ_cm2"] * MJ_CM2)
    return {"D_um": ablation.ablated_diameter_um(i["w0_um"], *fluences)}


@example("F15b")
def fluence_for_diameter(i: Numbers) -> dict[str, float]:
    threshold = i["Fth_mJ_cm2"] * MJ_CM2
    peak = ablation.peak_fluence_for_diameter_j_cm2(i["w0_um"], i["D_um"], threshold)
    return {"F0_mJ_cm2": peak / MJ_CM2}


@example("F15c")
def liu_plot(i: Numbers) -> dict[str, float]:
    energies = np.array([i["E1_nJ"], i["E2_nJ"]]) * NJ
    fit = ablation.liu_fit(energies, np.array([i["D1_um"], i["D2_um"]]))
    return {"w0_um": fit.spot_radius_um, "Eth_nJ": fit.threshold_energy_uj / NJ}


@example("F16a")
def diffusion(i: Numbers) -> dict[str, float]:
    return {"L_um": heat.diffusion_length_um(i["D_m2_s"] * M2_S, i["t_us"] * 1e-6)}


@example("F16b", "F16c")
def diffusivity(i: Numbers) -> dict[str, float]:
    return {"D_m2_s": heat.diffusivity_um2_s(i["k_W_mK"], i["rho_kg_m3"], i["c_J_kgK"]) / M2_S}


@example("F17")
def single_pulse(i: Numbers) -> dict[str, float]:
    # The example is for borosilicate, whose conductivity it does not repeat.
    glass = heat.diffusivity_um2_s(1.14, i["rho_kg_m3"], i["c_J_kgK"])
    rise = heat.pulse_temperature_rise_k(i["E_abs_uJ"], i["w_um"], i["rho_kg_m3"], i["c_J_kgK"])
    later = rise * heat.temperature_share(10e-6, 0.0, i["w_um"], glass)
    return {"dT0_K": rise, "dT_after_10us_K": later}


@example("F18a", "F18b", "F18c")
def accumulation(i: Numbers) -> dict[str, float]:
    diffusivity_um2_s = i["D_m2_s"] * M2_S
    ratio = heat.cooling_ratio(i["w_um"], diffusivity_um2_s, i["f_kHz"] * KHZ)
    return {
        "tau_d_us": heat.diffusion_time_s(i["w_um"], diffusivity_um2_s) * 1e6,
        "R_tau": ratio,
        "S_inf": heat.residual_heat_limit(ratio),
        "S_100": heat.residual_heat(ratio, 100),
    }


@example("F18d")
def strong_accumulation(i: Numbers) -> dict[str, float]:
    return {"S_inf": heat.residual_heat_limit(i["R_tau"])}


@example("F18e")
def zone(i: Numbers) -> dict[str, float]:
    return {"w_um": heat.zone_radius_for_ratio_um(i["D_m2_s"] * M2_S, i["f_kHz"] * KHZ, i["R_tau"])}


@example("F18f")
def tail(i: Numbers) -> dict[str, float]:
    return {"tail_2_over_R1p5_sqrtN": heat.residual_heat_tail(i["R_tau"], i["N"])}


@example("F19")
def steady(i: Numbers) -> dict[str, float]:
    return {"dT_K": heat.steady_temperature_rise_k(i["P_abs_W"] * W, i["w_um"], i["k_W_mK"])}


@example("F20a")
def wait(i: Numbers) -> dict[str, float]:
    return {"t_wait_ms": heat.cooling_wait_s(i["w_um"], i["D_m2_s"] * M2_S, i["eps"]) * 1e3}


@example("F20b")
def neighbour(i: Numbers) -> dict[str, float]:
    share = heat.temperature_share(i["t_us"] * 1e-6, i["s_um"], i["w_um"], i["D_m2_s"] * M2_S)
    return {"dT_over_dT0": share}


@example("F21a")
def travel(i: Numbers) -> dict[str, float]:
    return {"d_stage_um": focus.stage_travel_um(i["z_target_um"], i["n"])}


@example("F21b", "F21c")
def aberration(i: Numbers) -> dict[str, float]:
    at = (i["d_stage_um"], i["n"], i["NA"])
    return {
        "z_marginal_um": focus.marginal_focus_um(*at),
        "LSA_um": focus.aberration_um(*at),
        "LSA_small_NA_um": focus.small_aperture_aberration_um(*at),
        "z_best_0p46_um": focus.best_focus_um(*at, 0.46),
    }


@example("F21d")
def deepest(i: Numbers) -> dict[str, float]:
    depth = focus.aberration_limited_depth_um(i["lambda_nm"], i["NA"], i["n"], 1.0)
    return {"d_max_um": focus.stage_travel_um(depth, i["n"]), "z_max_um": depth}


@example("F22a", "F22c")
def critical_power(i: Numbers) -> dict[str, float]:
    critical = focus.critical_power_uw(i["lambda_nm"], i["n0"], i["n2_m2_W"])
    return {"P_cr_MW": critical / MW_MEGA, "P_cr_kW": critical / 1e9}


@example("F22b")
def critical_energy(i: Numbers) -> dict[str, float]:
    critical = i["P_cr_MW"] * MW_MEGA
    return {
        "E_cr_uJ": focus.critical_energy_uj(critical, i["tau_fs"], "gaussian"),
        "ratio_50uJ": fluence.peak_power_uw(50.0, i["tau_fs"], "gaussian") / critical,
        "ratio_200uJ": fluence.peak_power_uw(200.0, i["tau_fs"], "gaussian") / critical,
    }


@example("F23a")
def voxel_size(i: Numbers) -> dict[str, float]:
    return {
        "D_lat_um": voxel.voxel_width_um(i["w0_um"], i["I0_over_Ith"]),
        "L_ax_um": voxel.voxel_length_um(i["zR_um"], i["I0_over_Ith"]),
    }


@example("F23b")
def voxel_axial(i: Numbers) -> dict[str, float]:
    at = (i["lambda_nm"], i["NA"], i["n"])
    return {
        "axial_fwhm_um": voxel.axial_fwhm_um(*at),
        "axial_approx_2nlambda_NA2_um": voxel.axial_extent_um(*at),
    }


@example("F23c")
def multiphoton(i: Numbers) -> dict[str, float]:
    return {"Ith_ratio": voxel.multiphoton_threshold_ratio(i["N"], i["k"])}


@example("F24a", "F24b")
def arrhenius(i: Numbers) -> dict[str, float]:
    return {"D_ratio": kinetics.diffusivity_ratio(i["Ea_eV"], i["T1_C"], i["T2_C"])}


@example("F24c")
def equal_dose(i: Numbers) -> dict[str, float]:
    time = kinetics.equivalent_time_s(i["t1_h"] * 3600.0, i["Ea_eV"], i["T1_C"], i["T2_C"])
    return {"t2_h": time / 3600.0}


@example("F24d")
def ion_length(i: Numbers) -> dict[str, float]:
    return {"L_nm": heat.diffusion_length_um(i["D_m2_s"] * M2_S, i["t_h"] * 3600.0) * 1e3}


@example("F25")
def deposition(i: Numbers) -> dict[str, float]:
    spread = ablation.deposition_diameter_um(i["d_um"], i["kappa_m2_s"] * M2_S, i["tau_ns"] * 1e-9)
    return {"sigma_um": spread}


@example("F26a")
def driven_shock(i: Numbers) -> dict[str, float]:
    irradiance = i["I0_W_m2"] / 1e4
    pressure = shock.driven_pressure_gpa(i["m_kg_m2"], i["alpha"], irradiance, i["tau_fs"])
    return {"P_GPa": pressure}


@example("F26b")
def confined_shock(i: Numbers) -> dict[str, float]:
    irradiance = i["I0_GW_cm2"] * 1e9
    return {"P_GPa": shock.confined_pressure_gpa(i["alpha"], i["Z_g_cm2_s"], irradiance)}


@example("F27a")
def mode_distance(i: Numbers) -> dict[str, float]:
    return {"FSR_nm": cavity.free_spectral_range_nm(i["lambda_nm"], i["D_um"], i["n_g"])}


@example("F27b")
def mode_order(i: Numbers) -> dict[str, float]:
    return {"m": cavity.mode_number(i["lambda_nm"], i["D_um"], i["n_eff"])}


@example("F27c")
def quality(i: Numbers) -> dict[str, float]:
    return {"Q": cavity.quality_factor(i["lambda_nm"], i["dlambda_nm"])}


@example("F27d")
def mode_shift(i: Numbers) -> dict[str, float]:
    disc = (i["lambda_nm"], i["D_um"], i["n_eff"], i["n_g"])
    return {"dlambda_nm": cavity.mode_shift_nm(*disc, i["dD_nm"] / 1e3)}


@example("F28a")
def irradiance(i: Numbers) -> dict[str, float]:
    return {"I0_W_cm2": fluence.irradiance_w_cm2(i["P_mW"] * 1e3, i["w0_um"])}


@example("F28b")
def spot_for_irradiance(i: Numbers) -> dict[str, float]:
    return {"w0_um": fluence.spot_radius_for_irradiance_um(i["P_mW"] * 1e3, i["I0_W_cm2"])}


@example("F28c")
def per_pulse(i: Numbers) -> dict[str, float]:
    each = dose.fluence_per_pulse_j_cm2(i["I_avg_W_cm2"], i["f_kHz"] * KHZ)
    return {"F_per_pulse_J_cm2": each}


@example("F28d")
def long_dose(i: Numbers) -> dict[str, float]:
    return {"dose_MJ_cm2": dose.irradiation_dose_j_cm2(i["I_W_cm2"], i["t_min"] * 60.0) / 1e6}


@example("F29a")
def carriers(i: Numbers) -> dict[str, float]:
    pulse = (i["F_uJ_cm2"] * 1e-6, i["lambda_nm"])
    return {
        "photons_cm2": pump.photons_per_cm2(*pulse),
        "N_cm3": pump.carriers_per_cm3(*pulse, i["alpha_per_cm"], i["L_nm"] / 1e3),
    }


@example("F29b")
def gain(i: Numbers) -> dict[str, float]:
    medium = (i["Gamma"], i["sigma_cm2"], i["Nth_cm3"], i["Ns_cm3"])
    return {"G_cm1": pump.modal_gain_per_cm(i["N_cm3"], *medium)}


@example("F30")
def contrast(i: Numbers) -> dict[str, float]:
    base, rewritten, treated = i["peak_base_nm"], i["peak_rewritten_nm"], i["peak_HT550_nm"]
    through = (i["fwhm_nm"], 645.0)
    return {
        "T_base": emission_model.long_pass_share(base, *through),
        "T_rewritten": emission_model.long_pass_share(rewritten, *through),
        "T_HT550": emission_model.long_pass_share(treated, *through),
        "contrast": emission_model.filter_contrast(rewritten, base, *through),
        "contrast_vs_HT550": emission_model.filter_contrast(rewritten, treated, *through),
    }


@example("F31")
def treated(i: Numbers) -> dict[str, float]:
    return {"peak_nm": emission_model.treated_peak_nm(i["T_C"], 200.0, 613.0, 550.0, 647.0)}


@example("F32a")
def dot(i: Numbers) -> dict[str, float]:
    return {
        "N": dose.dot_pulses(i["f_kHz"] * KHZ, i["t_s"]),
        "E_dot_J": dose.dot_energy_uj(i["P_W"] * W, i["t_s"]) / 1e6,
    }


@example("F32b")
def dots(i: Numbers) -> dict[str, float]:
    return {"T_h": dose.dot_array_time_s(i["n_dots"], i["t_exp_s"], i["t_move_s"]) / 3600.0}


@example("F33a")
def feed(i: Numbers) -> dict[str, float]:
    return {"F_word_mm_min": scanning.feed_mm_min(i["v_mm_s"] * MM)}


@example("F33b")
def overscan(i: Numbers) -> dict[str, float]:
    return {"overscan_um": scanning.overscan_um(i["v_mm_s"] * MM, i["a_mm_s2"] * MM)}


@example("F34")
def photon(i: Numbers) -> dict[str, float]:
    return {"E_eV": optics.photon_energy_ev(i["lambda_nm"])}


def rayleigh_of(i: Numbers) -> float:
    w0 = optics.spot_radius_um(i["lambda_nm"], i["NA"], 1.0)
    return float(optics.rayleigh_um(w0, i["lambda_nm"], i["n"], 1.0))


def test_every_example_has_its_computation() -> None:
    assert set(EXAMPLES) == set(ORACLES)
    assert {key[:3] for key in ORACLES} == {f"F{number:02d}" for number in range(1, 35)}


@pytest.mark.parametrize("oracle_id", sorted(ORACLES))
def test_worked_example(oracle_id: str) -> None:
    oracle = ORACLES[oracle_id]
    # Read first and computed afterwards, so that no expected number can leak into a computation.
    expected = {key: float(value) for key, value in oracle["out"].items()}
    computed = EXAMPLES[oracle_id](oracle["in"])
    assert set(expected) <= set(computed)
    assert {key: computed[key] for key in expected} == pytest.approx(expected, rel=TOLERANCE, abs=0.0)
