internal import NIOConcurrencyHelpers

/// What one run tried and what it was promised, kept where no crash reaches it.
///
/// Enter an attempt before the call and its acknowledgement after it has returned.
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
