"""The tables of a session file. The comments inside travel with every file (``.schema`` in any SQLite shell)."""

APPLICATION_ID = 0x42524541  # "BREA" in the file's header
SCHEMA_VERSION = 3
SUFFIX = ".breath"

SCHEMA = """
CREATE TABLE meta(            -- facts about the whole session; value is JSON
  key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE device(          -- the sensors; spec is the wearable's description as JSON
  device TEXT PRIMARY KEY, profile TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL);

-- What happened, in order: seq counts through these four tables together. t_host_ns is the computer's monotonic clock;
-- session time in seconds is (t_host_ns - t0_host_ns) / 1e9, t0_host_ns being in meta.
CREATE TABLE packet(          -- every message of every sensor, byte for byte, both ways
  seq INTEGER PRIMARY KEY, t_host_ns INTEGER NOT NULL, device TEXT NOT NULL, endpoint TEXT NOT NULL,
  direction TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE link_event(      -- connected, lost, battery ...
  seq INTEGER PRIMARY KEY, t_host_ns INTEGER NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE command(         -- what the person asked for
  seq INTEGER PRIMARY KEY, t_host_ns INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE advance(         -- the clock's ticks, so that a replay ticks the same
  seq INTEGER PRIMARY KEY, t_host_ns INTEGER NOT NULL);

-- What the person was shown and said. t_s is session time in seconds.
CREATE TABLE drill_event(     -- stages, phases, targets; timeline is JSON where there is one
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, t_s REAL NOT NULL, value TEXT NOT NULL, timeline TEXT);
CREATE TABLE mark(n INTEGER PRIMARY KEY, t_s REAL NOT NULL, text TEXT NOT NULL);
CREATE TABLE note(n INTEGER PRIMARY KEY, t_s REAL, text TEXT NOT NULL);
CREATE TABLE rating(n INTEGER PRIMARY KEY, pain INTEGER, effort INTEGER);   -- 0 to 10; the last row counts
"""

# Everything below can be dropped and computed again from the tables above. NULL in a number means: no number.
DERIVED_SCHEMA = """
CREATE TABLE derived_rate(    -- breaths per minute over 32 s and 16 s, with why there is none, and the channels
  n INTEGER PRIMARY KEY, t_s REAL, rate_bpm REAL, rate_live_bpm REAL, quality REAL, refusal TEXT, sources TEXT);
CREATE TABLE derived_breath(  -- times in s; amplitude in the trace's unit
  n INTEGER PRIMARY KEY, inhale_onset_s REAL, exhale_onset_s REAL, end_s REAL, amplitude REAL, confirmed_s REAL,
  quality REAL, kind TEXT, hold_in_s REAL, hold_out_s REAL);
CREATE TABLE derived_turn(n INTEGER PRIMARY KEY, kind TEXT, t_s REAL, level REAL, confirmed_s REAL);
CREATE TABLE derived_phase(n INTEGER PRIMARY KEY, t_s REAL, kind TEXT, elapsed_s REAL);
CREATE TABLE derived_heart(   -- beats per minute; rr_s the interval that led to it
  n INTEGER PRIMARY KEY, t_s REAL, hr_bpm REAL, rr_s REAL, quality REAL, source TEXT);
CREATE TABLE derived_variability( -- the heart's rhythm in the window_s up to t_s
  n INTEGER PRIMARY KEY, t_s REAL, window_s REAL, beats_n INTEGER, hr_bpm REAL, rmssd_ms REAL, sdnn_ms REAL,
  lf_ms2 REAL, hf_ms2 REAL, quality REAL, source TEXT, refusal TEXT);
CREATE TABLE derived_arrhythmia( -- how the heart followed one breath; phase_deg 0: in step
  n INTEGER PRIMARY KEY, t_s REAL, onset_s REAL, amplitude_bpm REAL, phase_deg REAL, quality REAL, source TEXT);
CREATE TABLE derived_coherence( -- share of the heart's rhythm at rate_bpm, 0 to 1
  n INTEGER PRIMARY KEY, t_s REAL, rate_bpm REAL, ratio REAL, quality REAL, source TEXT, refusal TEXT);
CREATE TABLE derived_effort(  -- the breath trace; t_s and y are blobs of little-endian float64, equally long
  n INTEGER PRIMARY KEY, source TEXT, t_s BLOB, y BLOB, usable INTEGER, gap_before INTEGER,
  gain REAL);                 -- what the source's own values were multiplied by; NULL: a new scale
CREATE TABLE derived_range(n INTEGER PRIMARY KEY, t_s REAL, low REAL, high REAL, refusal TEXT);
CREATE TABLE derived_polarity(n INTEGER PRIMARY KEY, t_s REAL, source TEXT, sign INTEGER);
CREATE TABLE derived_site_calibration( -- the own range at one place: its reading breathed out at ease, and full
  n INTEGER PRIMARY KEY, t_s REAL, place TEXT, source TEXT, unit TEXT, relaxed REAL, full REAL, cv REAL, axis TEXT,
  cm_per_unit REAL, change REAL, reason TEXT);
CREATE TABLE derived_brace_calibration(n INTEGER PRIMARY KEY, t_s REAL, source TEXT, relaxed REAL, firm REAL, cv REAL,
  reason TEXT);
CREATE TABLE derived_site(    -- how far one place is open; t_s and level are blobs as above; 0 breathed out, 1 full
  n INTEGER PRIMARY KEY, place TEXT, source TEXT, t_s BLOB, level BLOB, gap_before INTEGER);
CREATE TABLE derived_expansion( -- one breath all the way round; sites and reasons are JSON; phase_deg: the belly's lag
  n INTEGER PRIMARY KEY, t_s REAL, onset_s REAL, end_s REAL, sites TEXT, rib_share REAL, phase_deg REAL,
  paradox INTEGER, symmetry REAL, symmetry_noise REAL, opens_more TEXT, score REAL, least TEXT, reasons TEXT);
CREATE TABLE derived_brace(   -- level 0 at ease, 1 the firmest gentle brace; drift over 10 s
  n INTEGER PRIMARY KEY, t_s REAL, source TEXT, level REAL, confirmed REAL, "on" INTEGER, held_s REAL, drift REAL,
  breathing INTEGER, strain INTEGER, reason TEXT);
CREATE TABLE derived_posture(n INTEGER PRIMARY KEY, t_s REAL, posture TEXT, source TEXT, reason TEXT);
CREATE TABLE derived_movement( -- a movement's own axis and range, as learned
  n INTEGER PRIMARY KEY, t_s REAL, source TEXT, axis TEXT, range_deg REAL, reason TEXT);
CREATE TABLE derived_rep(     -- one repetition; exhaled: share of the way there breathed out; guided: learned from it
  n INTEGER PRIMARY KEY, start_s REAL, top_s REAL, return_s REAL, end_s REAL, range_deg REAL, off_axis_deg REAL,
  source TEXT, side TEXT, exhaled REAL, exhaled_back REAL, guided INTEGER);
CREATE TABLE derived_steadiness( -- RMS from the start of a hold
  n INTEGER PRIMARY KEY, t_s REAL, start_s REAL, place TEXT, source TEXT, tilt_deg REAL, rotation_deg REAL,
  reason TEXT);
CREATE TABLE derived_lumbar(  -- how far the lower back bent in one repetition; positive: rounded
  n INTEGER PRIMARY KEY, t_s REAL, start_s REAL, bend_deg REAL, source TEXT, reference TEXT, side TEXT, reason TEXT);
CREATE TABLE derived_moving_rate( -- breaths a minute during a movement, which the reference shows
  n INTEGER PRIMARY KEY, t_s REAL, rate_bpm REAL, quality REAL, source TEXT, reference TEXT, reason TEXT);
CREATE TABLE derived_sides(   -- left and right compared after each set; difference in % of the mean; the last count
  n INTEGER PRIMARY KEY, id TEXT, unit TEXT, "left" REAL, "right" REAL, difference REAL, uncertainty REAL,
  told INTEGER);
CREATE TABLE derived_brace_rating( -- how hard the braces of a set that nothing measured felt, 0 to 10
  n INTEGER PRIMARY KEY, t_s REAL, set_index INTEGER, effort INTEGER);
CREATE TABLE derived_score(   -- 0 to 100; parts is JSON; the last row is the session's
  n INTEGER PRIMARY KEY, total REAL, in_step REAL, parts TEXT, breaths_scored INTEGER);
CREATE TABLE derived_fault(   -- bytes that could not be used
  n INTEGER PRIMARY KEY, device TEXT, t_s REAL, reason TEXT, endpoint TEXT, byte_offset INTEGER, detail TEXT);
CREATE TABLE derived_fit(     -- how a sensor sits from t_s on; issues is a JSON list, empty: fine; rate_hz as measured
  n INTEGER PRIMARY KEY, t_s REAL, channel TEXT, issues TEXT, rate_hz REAL);
CREATE TABLE derived_resonance( -- what a sweep through rates came to; lists are JSON; by_heart 0: a comfort rate only
  n INTEGER PRIMARY KEY, trials TEXT, best_bpm REAL, by_heart INTEGER, wins TEXT, tied_bpm TEXT, refusal TEXT);
CREATE TABLE derived_outcome( -- the session in a few numbers; the last row counts
  n INTEGER PRIMARY KEY, rate_before_bpm REAL, rate_during_bpm REAL, rate_after_bpm REAL, score REAL, finish TEXT);
"""
