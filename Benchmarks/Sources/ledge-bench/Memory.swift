internal import Glibc
internal import JSON

/// The memory use of this process.
enum Memory {
    /// Returns the resident bytes: all of them, and those without a backing file.
    static func now() -> JSON {
        ["resident": .integer(byteCount("VmRSS:")), "anonymous": .integer(byteCount("RssAnon:"))]
    }

    /// Reads a line of the kernel's report such as `VmRSS:	   12345 kB`.
    private static func byteCount(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer {
            free(line)
            fclose(file)
        }
        while getline(&line, &capacity, file) > 0 {
            guard let text = line.map({ String(cString: $0) }), text.hasPrefix(name) else { continue }
            return (Int(text.filter(\.isNumber)) ?? 0) << 10
        }
        return 0
    }
}
