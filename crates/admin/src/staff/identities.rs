//! Users who come by the identity provider. It says who they are and what they may, at each sign-in; a password or a
//! passkey of theirs does not count here, so that who leaves there does not stay.

use rusqlite::params;
use spigot_decision::Millis;

use super::store::StaffStore;
use super::users::{User, end_what_they_hold, keep_an_admin};
use crate::StoreError;
use crate::oidc::Identity;

/// What becomes of somebody whom the provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityCheck {
    /// They come in, with the role that the provider gives.
    Right(User),
    /// Nothing gives them a role. What they had has ended.
    Unmapped,
    /// An admin keeps them out.
    Disabled,
    /// They are new, and somebody else is called so.
    NameTaken,
}

impl StaffStore {
    /// The user that an identity is, made when there is none, with the role that it has now.
    ///
    /// # Errors
    /// When there are too many users, or the store cannot be used.
    pub fn user_of(&mut self, identity: &Identity, now: Millis) -> Result<IdentityCheck, StoreError> {
        let known = self.one("oidc = ?1", &identity.id)?;
        let Some(role) = identity.role else {
            if let Some(known) = &known {
                end_what_they_hold(&self.connection, &known.name)?;
            }
            return Ok(IdentityCheck::Unmapped);
        };
        let name = match known {
            Some(known) if known.is_disabled => return Ok(IdentityCheck::Disabled),
            Some(known) => {
                if known.role != role {
                    // The provider's word counts, also for the last admin: the command line can make another one.
                    let transaction = self.connection.transaction()?;
                    let set = params![known.name, role.name()];
                    transaction.execute("UPDATE user SET role = ?2 WHERE name = ?1", set)?;
                    end_what_they_hold(&transaction, &known.name)?;
                    transaction.commit()?;
                }
                known.name
            }
            None if self.user(&identity.name)?.is_some() => return Ok(IdentityCheck::NameTaken),
            None => {
                let made = self.add_user(&identity.name, role, now)?;
                let set = params![made.name, identity.id];
                self.connection.execute("UPDATE user SET oidc = ?2 WHERE name = ?1", set)?;
                made.name
            }
        };
        let user = self.user(&name)?;
        user.map(IdentityCheck::Right).ok_or_else(|| StoreError(format!("there is no user \"{name}\"")))
    }

    /// Ties somebody to an identity of the provider (issuer and subject), or unties them. Their sessions end, because
    /// another way of signing in counts now.
    ///
    /// # Errors
    /// When the identity is somebody else's, or the last admin would sign in by nothing.
    pub fn set_identity(&mut self, name: &str, id: Option<&str>) -> Result<(), StoreError> {
        if id.is_some_and(|id| {
            !id.split_once(' ').is_some_and(|(issuer, of)| issuer.contains("://") && !of.is_empty())
        }) {
            return Err(StoreError(
                "an identity is the issuer and the subject with a space between; the audit log shows those that were refused"
                    .to_owned(),
            ));
        }
        if let Some(id) = id
            && let Some(other) = self.one("oidc = ?1", id)?
            && other.name != name
        {
            return Err(StoreError(format!("that identity is \"{}\" already", other.name)));
        }
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE user SET oidc = ?2 WHERE name = ?1", params![name, id])?;
        transaction.execute("DELETE FROM session WHERE user = ?1", [name])?;
        transaction.execute("DELETE FROM link WHERE user = ?1", [name])?;
        keep_an_admin(&transaction)?;
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::{PasswordCheck, Role};

    fn identity(id: &str, name: &str, role: Option<Role>) -> Identity {
        Identity { id: id.to_owned(), name: name.to_owned(), role }
    }

    #[test]
    fn the_provider_says_who_comes_and_as_what() {
        let folder = tempfile::tempdir().unwrap();
        let mut staff = StaffStore::open(folder.path()).unwrap();
        let now = Millis(1);
        let mut come = |role| staff.user_of(&identity("https://i.example 7", "ada", role), now).unwrap();
        assert_eq!(come(None), IdentityCheck::Unmapped);
        let role = |check| match check {
            IdentityCheck::Right(user) => (user.name, user.role),
            other => panic!("{other:?}"),
        };
        assert_eq!(role(come(Some(Role::Admin))), ("ada".to_owned(), Role::Admin));
        assert_eq!(role(come(Some(Role::Analyst))), ("ada".to_owned(), Role::Analyst), "the last admin, too");
        let secret = staff.start_session("ada", "identity provider", "", now).unwrap();
        let mut come = |role| staff.user_of(&identity("https://i.example 7", "ada", role), now).unwrap();
        assert_eq!(come(None), IdentityCheck::Unmapped);
        assert!(staff.session(&secret, false, now).unwrap().is_none(), "what they had has ended");
        staff.add_user("root", Role::Admin, now).unwrap();
        staff.set_disabled("ada", true).unwrap();
        let mut come = |role| staff.user_of(&identity("https://i.example 7", "ada", role), now).unwrap();
        assert_eq!(come(Some(Role::Admin)), IdentityCheck::Disabled);
        let taken =
            staff.user_of(&identity("https://i.example 8", "root", Some(Role::Support)), now).unwrap();
        assert_eq!(taken, IdentityCheck::NameTaken, "nobody becomes somebody else by a name");
    }

    #[test]
    fn who_is_tied_to_an_identity_has_no_other_way_in() {
        let folder = tempfile::tempdir().unwrap();
        let mut staff = StaffStore::open(folder.path()).unwrap();
        let now = Millis(1);
        for name in ["root", "ada", "bob"] {
            staff.add_user(name, Role::Admin, now).unwrap();
        }
        staff.set_password("ada", "four plain words", None).unwrap();
        let with_password = |staff: &mut StaffStore| {
            matches!(
                staff.check_password("ada", "four plain words", None, now).unwrap(),
                PasswordCheck::Right(_)
            )
        };
        assert!(with_password(&mut staff));
        staff.set_identity("ada", Some("https://i.example 7")).unwrap();
        assert!(!with_password(&mut staff));
        assert!(staff.add_link("ada", now).unwrap_err().to_string().contains("identity provider"));
        assert!(
            staff
                .set_identity("bob", Some("https://i.example 7"))
                .unwrap_err()
                .to_string()
                .contains("\"ada\" already")
        );
        staff.set_identity("ada", None).unwrap();
        assert!(with_password(&mut staff));
        staff.set_disabled("ada", true).unwrap();
        assert!(!with_password(&mut staff) && staff.add_link("ada", now).is_err());
        assert!(staff.start_session("ada", "password", "", now).is_err());
    }
}
