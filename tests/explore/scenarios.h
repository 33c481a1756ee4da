/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_SCENARIOS_H
#define EXPLORE_SCENARIOS_H

#include "scenarios_vm.h"

/* Those of the other files, for the table in scenarios.c. */
extern const struct explore_scenario r_entry, r_waiting_news, r_ctlr, r_remote_deactivate, r_wait,
    r_many_edges, r_gate, r_block, r_evict, r_forward, r_routes, r_three, r_dir, r_parked, r_rwp,
    r_priority, r_soft, l_kick, l_wake, l_rwp, l_map, l_one_of_n, l_group, t_private, dir_announced,
    dir_two_announce, dir_set_active, v2_storm, v2_clear, v2_targets, p_reuse, p_remap, p_device,
    p_movi, p_inv, p_disable, p_enable, p_elsewhere, p_claim, p_open, p_late, p_both, o_group_opens,
    o_level, m_exact, m_find, m_requests, m_table, m_syncr, m_bases, m_take, m_callback, m_active,
    m_there_and_back, m_asleep;

#define REVIEW_SCENARIOS                                                                           \
    &r_entry, &r_waiting_news, &r_ctlr, &r_remote_deactivate, &r_wait, &r_many_edges, &r_gate,     \
        &r_block, &r_evict, &r_forward, &r_routes, &r_three, &r_dir, &r_parked, &r_rwp,            \
        &r_priority, &r_soft, &l_kick, &l_wake, &l_rwp, &l_map, &l_one_of_n, &l_group, &t_private, \
        &dir_announced, &dir_two_announce, &dir_set_active, &v2_storm, &v2_clear, &v2_targets,     \
        &o_group_opens, &o_level, &m_exact, &m_callback, &m_active, &m_there_and_back, &m_asleep

#define LPI_SCENARIOS                                                                              \
    &p_reuse, &p_remap, &p_device, &p_movi, &p_inv, &p_disable, &p_enable, &p_elsewhere, &p_claim, \
        &p_open, &p_late, &p_both, &m_find, &m_requests, &m_table, &m_syncr, &m_bases, &m_take

#endif
