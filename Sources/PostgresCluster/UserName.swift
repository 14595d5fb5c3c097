internal import Glibc

/// Names of users.
package enum UserName {
    /// The user's name, or the number of an unknown user, as in many containers.
    package static func of(_ user: UInt32) -> String {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, found != nil,
            let name = record.pw_name
        else { return String(user) }
        return String(cString: name)
    }
}
