//! The token of a request.

use axum::http::{HeaderMap, header};

/// The token of a request (RFC 6750, section 2.1). `None`: no token came; one in the address is none.
pub(super) fn token(headers: &HeaderMap) -> Option<Result<&str, &'static str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err("there is more than one Authorization header"));
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Ok(token.trim()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tokens_come_in_one_header() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            token(&headers).map(|token| token.map(str::to_owned).map_err(drop))
        };
        assert_eq!(read(&["Bearer abc"]), Some(Ok("abc".to_owned())));
        assert_eq!(read(&["bEARER  abc "]), Some(Ok("abc".to_owned())));
        assert_eq!(read(&["Bearer abc", "Bearer abc"]), Some(Err(())));
        for none in [&[][..], &["Basic abc"], &["Bearer"], &["abc"]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
