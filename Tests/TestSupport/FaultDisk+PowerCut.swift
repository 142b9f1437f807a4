internal import NIOConcurrencyHelpers

/// Which of the changes that were never synced a power cut leaves behind.
package enum Survival: Sendable, Hashable {
    /// None: exactly what was synced.
    case nothing
    /// All: the disk was quick.
    case everything
    /// Some, chosen by the seed: 512-byte sectors and changes of names, each for itself.
    ///
    /// A file's length comes to lie anywhere between the durable one and the last; a lost sector beyond the durable
    /// length reads as zeros.
    case some(seed: UInt64)

    var seed: UInt64 {
        if case .some(let seed) = self { seed } else { 0 }
    }
}

extension FaultDisk {
    /// Cuts the power, and returns the disk the machine finds afterwards.
    ///
    /// This disk is dead from here on. Cut again, with another choice, for another end of the same story.
    package func powerCut(keeping survival: Survival) -> FaultDisk {
        state.withLockedValue { state in
            state.isDead = true
            let tree = state.tree.afterPowerCut(keeping: survival)
            return FaultDisk(tree, after: state, powerCutCount: powerCutCount + 1)
        }
    }

    /// Kills the process, and returns the disk the next one finds: every byte as it was, nothing open, no lock held.
    ///
    /// What was not synced is still not durable there. This disk is dead from here on.
    package func processKill() -> FaultDisk {
        state.withLockedValue { $0.isDead = true }
        return copy()
    }

    /// Returns an independent disk with the same state, nothing open and no fault armed; this one lives on.
    package func copy() -> FaultDisk {
        state.withLockedValue { FaultDisk($0.tree.afterProcessKill(), after: $0, powerCutCount: powerCutCount) }
    }

    /// Whether the process that used this disk died.
    package var isDead: Bool {
        state.withLockedValue { $0.isDead }
    }
}
