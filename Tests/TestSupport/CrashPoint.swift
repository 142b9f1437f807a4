internal import Glibc

/// One injected failure of a run: the fault, the call at which it happens, and the state of the disk afterwards.
package struct CrashPoint: Sendable, Hashable, CustomStringConvertible {
    /// The fault at the call.
    package enum Mode: Sendable, Hashable, CaseIterable {
        /// One call throws `EIO`, and the run continues.
        case ioError
        /// One call throws `ENOSPC`, and the run continues.
        case noSpace
        /// This call and all later ones throw `ENOSPC`; the run continues.
        case fullForGood
        /// One call throws `ENOSPC`, and the process dies before one of the next six.
        case noSpaceThenCrash
        case crashBefore
        case crashAfter
        /// The process dies in the middle of a write; at any other call this is `crashBefore`.
        case tornWrite

        /// Returns the faults that cause it at the `number`th call.
        package func faults(at number: Int) -> [Fault] {
            switch self {
            case .ioError: [Fault(number: number, effect: .error(EIO))]
            case .noSpace: [Fault(number: number, effect: .error(ENOSPC))]
            case .fullForGood: [Fault(number: number, effect: .error(ENOSPC), isPersistent: true)]
            case .noSpaceThenCrash:
                Mode.noSpace.faults(at: number) + Mode.crashBefore.faults(at: number + 1 + number % 6)
            case .crashBefore: [Fault(number: number, effect: .crash(.before))]
            case .crashAfter: [Fault(number: number, effect: .crash(.after))]
            case .tornWrite: [Fault(number: number, effect: .crash(.midWrite))]
            }
        }
    }

    /// How the run ends after that, and what remains on the disk.
    package enum End: Sendable, Hashable, CustomStringConvertible {
        case powerCut(Survival)
        case processKill

        package var description: String {
            switch self {
            case .powerCut(.nothing): "power cut keeping nothing"
            case .powerCut(.everything): "power cut keeping everything"
            case .powerCut(.some(let seed)): "power cut keeping some(\(seed))"
            case .processKill: "process kill"
            }
        }

        /// Returns the disk that the next process opens.
        package func survivor(of disk: FaultDisk) -> FaultDisk {
            switch self {
            case .powerCut(let survival): disk.powerCut(keeping: survival)
            case .processKill: disk.processKill()
            }
        }

        /// Returns the four ends that are tried after every crash.
        package static func all(seed: UInt64) -> [End] {
            [.powerCut(.nothing), .powerCut(.everything), .powerCut(.some(seed: seed)), .processKill]
        }
    }

    package let number: Int
    package let mode: Mode
    package let end: End

    /// As in `call 17, tornWrite, power cut keeping nothing`.
    package var description: String {
        "call \(number), \(mode), \(end)"
    }
}
