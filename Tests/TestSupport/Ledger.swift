internal import NIOConcurrencyHelpers

/// The attempts and acknowledgements of one run, which are not affected by simulated crashes.
///
/// Enter an attempt before the call, and its acknowledgement after the call has returned.
package final class Ledger<Entries: Sendable>: Sendable {
    private let box: NIOLockedValueBox<Entries>

    package init(_ entries: Entries) {
        box = NIOLockedValueBox(entries)
    }

    package var entries: Entries {
        box.withLockedValue { $0 }
    }

    package func enter(_ change: (inout Entries) -> Void) {
        box.withLockedValue { change(&$0) }
    }
}
