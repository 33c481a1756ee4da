/* SPDX-License-Identifier: MIT */
#include "arch_irq.h"

uint32_t arch_sources(const struct arch_irq *a)
{
    uint32_t sources = 0;

    for (unsigned i = 0; i < ARCH_SOURCES; i++)
        sources |= a->source[i] ? 1u << i : 0;
    return sources;
}

/* 1.2.1: an edge-triggered interrupt is pending from the edge until it is acknowledged or cleared;
 * a level-sensitive one while its level is asserted, or after software set it pending. */
bool arch_may_be_pending(const struct arch_irq *a)
{
    if (!a->mapped)
        return false;
    if (a->sgi)
        return arch_sources(a) != 0;
    return a->edge ? a->edge_latch : a->wire || a->soft_latch || a->message;
}

/* 12.4 ICH_LR<n>_EL2.State: of a hardware interrupt, the physical Distributor holds whether it is
 * pending as well as active. So while it is active, whether its wire makes it pending again is for
 * the physical Distributor to know, and it will signal it anew after the deactivation. */
bool arch_must_be_pending(const struct arch_irq *a)
{
    if (!a->mapped)
        return false;
    if (a->hw && a->active && !a->edge)
        return a->soft_latch || a->message;
    return arch_may_be_pending(a);
}

/* Something asks for one more delivery. If a CPU interface can signal the interrupt just now, the
 * architecture does not say whether one acknowledge takes both. */
static void cause(struct arch_irq *a, bool *latch)
{
    *latch = true;
    if (a->takeable)
        a->merged = true;
}

/* A pulse shorter than anybody's look: an edge is latched, a level is forgotten (1.2.1). */
void arch_pulse(struct arch_irq *a)
{
    if (a->edge)
        cause(a, &a->edge_latch);
}

/* The wire is driven high. Each time this happens counts as an edge (the embedder's contract). */
void arch_wire_high(struct arch_irq *a)
{
    a->wire = true;
    if (a->edge)
        cause(a, &a->edge_latch);
}

/* A latched edge stays latched when the wire falls; a level is gone. */
void arch_wire_low(struct arch_irq *a)
{
    a->wire = false;
}

/* 12.9 GICD_SETSPI_NSR: adds the pending state. Edge-triggered: until activation or a clear;
 * level-sensitive: until GICD_CLRSPI_NSR takes it back, whatever else happens. */
void arch_message_high(struct arch_irq *a)
{
    if (a->edge)
        cause(a, &a->edge_latch);
    else
        a->message = true;
}

/* 12.9 GICD_CLRSPI_NSR: edge-triggered: removes the pending state; level-sensitive: deasserts. */
void arch_message_low(struct arch_irq *a)
{
    a->message = false;
    if (a->edge) {
        a->edge_latch = false;
        a->merged = false;
    }
}

/* 12.9 GICD_ISPENDR<n>: sets the pending state; a level-sensitive interrupt keeps it independent of
 * its wire until it is acknowledged or cleared. */
void arch_set_pending(struct arch_irq *a)
{
    cause(a, a->edge ? &a->edge_latch : &a->soft_latch);
}

/* 12.9 GICD_ICPENDR<n>: clears the pending state, but has no effect on a level that is asserted. */
void arch_clear_pending(struct arch_irq *a)
{
    a->edge_latch = false;
    a->soft_latch = false;
    a->merged = false;
}

/* IHI 0048B 4.3.15 GICD_SGIR, 4.3.17 GICD_SPENDSGIR<n>: pending for these sources. */
void arch_send(struct arch_irq *a, uint32_t sources)
{
    for (uint8_t i = 0; i < ARCH_SOURCES; i++) {
        if (!(sources >> i & 1))
            continue;
        a->source[i] = true;
        if (a->takeable && a->offered_source == i)
            a->merged = true;
    }
}

/* IHI 0048B 4.3.16 GICD_CPENDSGIR<n>: not pending for these sources. */
void arch_clear_sources(struct arch_irq *a, uint32_t sources)
{
    for (uint8_t i = 0; i < ARCH_SOURCES; i++) {
        if (!(sources >> i & 1))
            continue;
        a->source[i] = false;
        if (a->takeable && a->offered_source == i)
            a->merged = false;
    }
}

/* 12.9 GICD_ISACTIVER<n>: activates it; has no effect if it is active already. LPIs have no active
 * state (5.1). */
void arch_set_active(struct arch_irq *a, uint16_t pe)
{
    if (a->active || a->lpi)
        return;
    a->active = true;
    a->active_on = pe;
    /* Of an SGI for whichever source; here the CPU itself. */
    a->active_source = a->sgi ? (uint8_t)pe : 0;
}

/* 12.9 GICD_ICACTIVER<n>, and a deactivation that the CPU interface did not carry out itself. A
 * hardware-mapped interrupt's physical interrupt is deactivated along with it (11.2.1), which ends
 * what was forwarded. */
void arch_clear_active(struct arch_irq *a)
{
    if (!a->active)
        return;
    a->active = false;
    a->active_on = 0;
    a->active_source = 0;
    if (a->hw)
        a->wire = false;
}

/* 12.9 GICD_ICFGR<n>: changing it "at a time when there is a pending interrupt will leave the
 * interrupt in an UNKNOWN pending state"; otherwise nothing becomes pending but by the new rule.
 * Bit 0 of `choice`: pending afterwards; bit 1: an asserted message is forgotten. */
bool arch_configure(struct arch_irq *a, bool edge, unsigned choice)
{
    bool pending = arch_may_be_pending(a);

    if (a->edge == edge || a->lpi)
        return choice == 0;
    if (choice > 3 || ((choice & 1) && !pending) || ((choice & 2) && !a->message))
        return false;
    a->edge = edge;
    a->edge_latch = edge && (choice & 1);
    a->soft_latch = !edge && (choice & 1);
    if (choice & 2)
        a->message = false;
    return true;
}

/* After a 1 it is pending whatever its wire does, by the latch that its trigger has; a message that
 * holds it pending already is reason enough. After a 0 only the wire is left. */
void arch_put_latch(struct arch_irq *a, bool value)
{
    if (!value)
        a->edge_latch = a->soft_latch = a->message = a->merged = false;
    else if (a->edge)
        a->edge_latch = true;
    else if (!a->message)
        a->soft_latch = true;
}

/* Where it is active already it stays; an LPI never is (5.1). */
void arch_put_active(struct arch_irq *a, bool value, uint16_t pe)
{
    if (value)
        arch_set_active(a, pe);
    else
        arch_deactivate(a);
}

/* The level alone: it is no edge. */
void arch_put_wire(struct arch_irq *a, bool value)
{
    a->wire = value;
}

/* As the guest's write, but no latch is lost, so that a VMM may write it and the latch in either
 * order. What a CPU interface has is the guest's, and UNKNOWN. */
bool arch_put_edge(struct arch_irq *a, bool edge, unsigned choice)
{
    bool latched = (a->edge_latch || a->soft_latch) && !a->takeable;

    return arch_configure(a, edge, choice) && (!latched || a->edge_latch || a->soft_latch);
}

/* A VMM that wrote the route after the active state meant: active where it is routed to. */
void arch_move(struct arch_irq *a, uint16_t pe)
{
    if (a->active)
        a->active_on = pe;
}

/* 5.3 DISCARD: the translation is gone, and so is the pending state. */
void arch_unmap(struct arch_irq *a)
{
    a->mapped = false;
    a->wire = a->edge_latch = a->soft_latch = a->message = false;
    a->merged = false;
}

/* 4.1: the Distributor forwards it to a CPU interface; an SGI for one source (IHI 0048B 4.4.4). */
void arch_offer(struct arch_irq *a, uint8_t source)
{
    a->offered_source = source;
    a->takeable = true;
    a->merged = false;
}

/* 4.1: acknowledged: pending to active, or to active and pending if a level is still asserted.
 * The latches are consumed (choice 0), but a cause that came while takeable may stay for another
 * delivery (choice 1). An LPI becomes inactive (4.1). */
bool arch_acknowledge(struct arch_irq *a, uint16_t pe, unsigned choice)
{
    if (choice > (a->merged ? 1u : 0u))
        return false;
    if (choice == 0)
        a->edge_latch = a->soft_latch = a->source[a->offered_source] = false;
    if (!a->lpi) {
        a->active = true;
        a->active_on = pe;
        a->active_source = a->offered_source;
    }
    a->takeable = a->merged = false;
    a->offered_source = 0;
    return true;
}

/* 4.1: deactivated by the CPU interface on which it is active. */
void arch_deactivate(struct arch_irq *a)
{
    a->active = false;
    a->active_on = 0;
    a->active_source = 0;
}

/* The Distributor has taken it back: from here on all earlier register writes have had effect. */
void arch_withdraw(struct arch_irq *a)
{
    a->takeable = a->merged = false;
    a->offered_source = 0;
}

/* While a physical interrupt is active at the host, the host cannot see its line fall. What it has
 * forwarded stands until it is deactivated, or until the host looks at the line and finds it low.
 * If the host ended or re-read an interrupt whose line is high, it may count as forwarded at once
 * (choice 1) or be forwarded again by the physical Distributor (choice 0). */
bool arch_physical(struct arch_irq *a, bool line, bool ended, bool looked, unsigned choice)
{
    if (!a->hw)
        return choice == 0;
    if (choice > ((ended || looked) && line ? 1u : 0u))
        return false;
    if (ended || (!line && !a->active))
        a->wire = false;
    if (choice == 1)
        a->wire = true;
    return true;
}
