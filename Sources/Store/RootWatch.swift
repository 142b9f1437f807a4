internal import Disk
internal import JSON
internal import NIOConcurrencyHelpers

/// Notices that a data directory was moved or removed while it is open.
final class RootWatch: Sendable {
    private let directory: DataDirectory
    private let disk: any Disk
    private let notice: @Sendable (MaintenanceNotice) -> Void
    private let clock: @Sendable () -> Timestamp
    /// The last state, and when it was found.
    private let last: NIOLockedValueBox<(state: RootState, since: Timestamp)>

    init(
        _ directory: DataDirectory,
        on disk: any Disk,
        notice: @escaping @Sendable (MaintenanceNotice) -> Void,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.directory = directory
        self.disk = disk
        self.notice = notice
        self.clock = clock
        last = NIOLockedValueBox((.inPlace, clock()))
    }

    /// Returns the condition of a directory that is not where it was opened; a new state is also a notice.
    @discardableResult
    func check() -> HealthCondition? {
        let state = disk.rootState
        let (isNew, since) = last.withLockedValue { last in
            guard last.state != state else { return (false, last.since) }
            last = (state, clock())
            return (true, last.since)
        }
        if isNew { notice(.directory(path: directory.path, state)) }
        let reason: String
        switch state {
        case .inPlace: return nil
        case .moved: reason = "it was moved or replaced; the server continues to write into the one that it opened"
        case .removed: reason = "it was removed; no writes can be stored until the server is restarted"
        }
        return HealthCondition(subject: "directory", reason: reason, since: since)
    }
}
