internal import Disk
internal import NIOConcurrencyHelpers

/// The manifest of an open log: the one place that replaces its file, and what that says now.
///
/// Rolling and maintenance both change it, from their own threads, one after the other. An append that does not roll
/// never waits for it.
final class ManifestFile: Sendable {
    private struct State {
        var manifest: Manifest
        /// Whether the file may hold what the last, failed call tried to write: its rename may or may not be durable.
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

    /// Replaces the manifest by what `change` makes of it, durably.
    ///
    /// Where it throws the log goes on with what it had; which of both the file holds is then unknown, and both are
    /// good, for nobody removes what either lists.
    func update(_ change: (inout Manifest) -> Void) throws(StorageError) {
        var failure: StorageError?
        state.withLockedValue { state in
            var next = state.manifest
            change(&next)
            failure = publish(next, &state)
        }
        if let failure { throw failure }
    }

    /// Makes sure that the file holds what the log goes on with, where an earlier update failed.
    ///
    /// Files that only the other one lists may then be written anew.
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
