/// Why a text is no value of a setting, in words that follow "…is not usable: ".
package struct SettingComplaint: Error {
    /// The words.
    package let why: String

    /// Makes a complaint.
    package init(why: String) {
        self.why = why
    }
}
