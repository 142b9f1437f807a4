internal import Disk
internal import NIOConcurrencyHelpers

/// The manifest of an open log: its current value, and the only code that replaces its file.
///
/// Rolling and maintenance both change it, from their own threads, serialized by a lock. An append that does not roll
/// never waits for it.
final class ManifestFile: Sendable {
    private struct State {
        var manifest: Manifest
        /// Whether the file may contain what the last, failed call tried to write: it is unknown whether its rename is
        /// durable.
        var isUncertain = false
    }

    private let directory: String
    private let disk: any Disk
    private let state: NIOLockedValueBox<State>

    init(_ manifest: Manifest, directory: String, on disk: any Disk) {
        self.directory = directory
        self.disk = disk
        state = NIOLockedValueBox(State(manifest: manifest))
    }

    var current: Manifest { state.withLockedValue { $0.manifest } }

    /// Replaces the manifest by the one that `change` returns, durably.
    ///
    /// If it throws, the log continues with the old manifest; which of both the file contains is then unknown, and both
    /// are valid, because files that either lists are kept.
    func update(_ change: (inout Manifest) -> Void) throws(StorageError) {
        var failure: StorageError?
        state.withLockedValue { state in
            var next = state.manifest
            change(&next)
            failure = publish(next, &state)
        }
        if let failure { throw failure }
    }

    /// Writes the current manifest again if an earlier update failed.
    ///
    /// Files that only the other manifest lists can then be overwritten.
    func settle() throws(StorageError) {
        var failure: StorageError?
        state.withLockedValue { state in
            if state.isUncertain { failure = publish(state.manifest, &state) }
        }
        if let failure { throw failure }
    }

    private func publish(_ next: Manifest, _ state: inout State) -> StorageError? {
        do throws(StorageError) {
            try disk.publish(next.bytes, at: "\(directory)/\(SegmentName.manifest)")
            state.manifest = next
            state.isUncertain = false
            return nil
        } catch {
            state.isUncertain = true
            return error
        }
    }
}
