internal import NIOConcurrencyHelpers

/// Which of the unsynced changes survive a power cut.
package enum Survival: Sendable, Hashable {
    /// None: only synced changes.
    case nothing
    /// All.
    case everything
    /// Some, chosen by the seed: 512-byte sectors and changes of names, independently.
    ///
    /// A file's length is anywhere between the durable one and the last one; a lost sector past the durable length
    /// reads as zeros.
    case some(seed: UInt64)

    var seed: UInt64 {
        if case .some(let seed) = self { seed } else { 0 }
    }
}

extension FaultDisk {
    /// Cuts the power, and returns the disk after the restart.
    ///
    /// Later calls on this disk fail. It can be cut again with another choice, to test another outcome of the same run.
    package func powerCut(keeping survival: Survival) -> FaultDisk {
        state.withLockedValue { state in
            state.isDead = true
            let tree = state.tree.afterPowerCut(keeping: survival)
            return FaultDisk(tree, after: state, powerCutCount: powerCutCount + 1)
        }
    }

    /// Kills the process, and returns the disk of the next one: all bytes unchanged, no file open, no lock held.
    ///
    /// Unsynced changes are still not durable there. Later calls on this disk fail.
    package func processKill() -> FaultDisk {
        state.withLockedValue { $0.isDead = true }
        return copy()
    }

    /// Returns an independent disk with the same state, without open files and faults; this one stays usable.
    package func copy() -> FaultDisk {
        state.withLockedValue { FaultDisk($0.tree.afterProcessKill(), after: $0, powerCutCount: powerCutCount) }
    }

    /// Whether the process that used this disk died.
    package var isDead: Bool {
        state.withLockedValue { $0.isDead }
    }
}
