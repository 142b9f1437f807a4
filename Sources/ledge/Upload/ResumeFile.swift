internal import Disk
internal import JSON

/// Remembers the uploads this user has begun, so that the same command goes on where the last one stopped.
///
/// Shape: one file for each, `<state>/ledge/uploads/<16 hex digits>.json`, named by the hash of what it is about:
///
///     {"server":"http://127.0.0.1:8092","path":"/home/ada/seed.npz","byte_count":4096,"modified":…,"upload_id":"…"}
///
/// A file that changed has another length or time and so another name: its upload begins anew.
/// `<state>` is `$XDG_STATE_HOME`, or `~/.local/state` (XDG Base Directory Specification 0.8).
struct UploadMemory: Sendable {
    private let disk: any Disk
    private let path: String
    /// All members but the upload's id.
    private let subject: JSONObject

    /// - Returns: nil where `environment` names no home, as in a bare container; nothing is remembered then.
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

    /// The directory of all of them, or nil where `environment` names none.
    static func directory(_ environment: [String: String]) -> String? {
        // A relative path is invalid there and ignored, says the specification.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/ledge/uploads" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return "\(home)/.local/state/ledge/uploads"
    }

    /// Returns the id of the upload begun before, or nil where there is none or the file is about something else.
    func recall() throws -> String? {
        guard let bytes = try disk.contents(of: path), let object = (try? JSON(parsing: bytes))?.object else {
            return nil
        }
        guard subject.allSatisfy({ object[$0.key] == $0.value }) else { return nil }
        return object["upload_id"]?.string
    }

    /// Survives a power cut when this returns.
    func remember(_ id: String) throws {
        try disk.ensureDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        var object = subject
        object["upload_id"] = .string(id)
        try disk.publish(JSON.object(object).bytes, at: path)
    }

    func forget() throws {
        if try disk.entry(path) != nil { try disk.remove(path) }
    }
}
