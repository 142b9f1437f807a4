internal import Disk
internal import JSON

/// The file with the id of an unfinished upload, with which the same command resumes it.
///
/// Shape: `<state>/ledge/uploads/<16 hex digits>.json`, named by the hash of the members other than `upload_id`:
///
///     {"server":"http://127.0.0.1:8092","path":"/home/ada/seed.npz","byte_count":4096,"modified":…,"upload_id":"…"}
///
/// A file that was modified has another length or time, and therefore another name: its upload starts from the
/// beginning. `<state>` is `$XDG_STATE_HOME`, or `~/.local/state` (XDG Base Directory Specification 0.8).
struct ResumeFile: Sendable {
    private let disk: any Disk
    private let path: String
    /// All members but `upload_id`.
    private let subject: JSONObject

    /// Returns nil if `environment` has no home directory, as in some containers; uploads then cannot be resumed.
    init?(of file: LocalFile, to server: ServerURL, environment: [String: String], on disk: any Disk) {
        guard let directory = Self.directory(environment) else { return nil }
        subject = [
            "server": .string(server.text),
            "path": .string(file.path),
            "byte_count": .number(JSONNumber(file.byteCount)),
            "modified": .number(JSONNumber(file.modifiedMicroseconds)),
        ]
        let name = JSON.object(subject).bytes.withUnsafeBytes { XXH3.hash64($0) }
        self.path = "\(directory)/\(Hexadecimal.text(name)).json"
        self.disk = disk
    }

    /// Returns the directory of all resume files; nil if `environment` has no home directory.
    static func directory(_ environment: [String: String]) -> String? {
        // By the specification a relative path is invalid and ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/ledge/uploads" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return "\(home)/.local/state/ledge/uploads"
    }

    /// Reads the id of the unfinished upload; nil if there is none or the file is for another upload.
    func read() throws -> String? {
        guard let bytes = try disk.contents(of: path), let object = (try? JSON(parsing: bytes))?.object else {
            return nil
        }
        guard subject.allSatisfy({ object[$0.key] == $0.value }) else { return nil }
        return object["upload_id"]?.string
    }

    /// Stores the id of an upload, durably.
    func write(_ id: String) throws {
        try disk.ensureDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        var object = subject
        object["upload_id"] = .string(id)
        try disk.publish(JSON.object(object).bytes, at: path)
    }

    func remove() throws {
        if try disk.entry(path) != nil { try disk.remove(path) }
    }
}
