//! Reading a rule: tokens, then a tree by recursive descent.

use serde_json::{Value, json};

use super::{Macro, Node, Operator};

pub(super) fn parse(source: &str) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0 };
    let node = parser.choice()?;
    if parser.at < parser.tokens.len() {
        return Err("something follows the rule".to_owned());
    }
    Ok(node)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Literal(Value),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 22] = [
    "||", "&&", "==", "!=", "<=", ">=", "(", ")", "[", "]", ".", ",", "!", "<", ">", "?", ":", "+", "-", "{", "}", "*",
];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let mut text = String::new();
            let mut escaped = false;
            let mut end = None;
            for (at, letter) in rest.char_indices().skip(1) {
                match letter {
                    _ if escaped => {
                        text.push(match letter {
                            'n' => '\n',
                            't' => '\t',
                            other => other,
                        });
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    _ if letter == first => {
                        end = Some(at + 1);
                        break;
                    }
                    _ => text.push(letter),
                }
            }
            let end = end.ok_or("a string that does not end")?;
            tokens.push(Token::Literal(json!(text)));
            rest = &rest[end..];
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number: Value = serde_json::from_str(&rest[..end]).map_err(|error| error.to_string())?;
            tokens.push(Token::Literal(number));
            rest = &rest[end..];
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(match &rest[..end] {
                "true" => Token::Literal(json!(true)),
                "false" => Token::Literal(json!(false)),
                "null" => Token::Literal(Value::Null),
                name => Token::Name(name.to_owned()),
            });
            rest = &rest[end..];
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
            let symbol = symbol.ok_or_else(|| format!("`{first}` is not understood"))?;
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Symbol(there)) if *there == symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) { Ok(()) } else { Err(format!("`{symbol}` expected")) }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err("a name expected".to_owned()),
        }
    }

    fn choice(&mut self) -> Result<Node, String> {
        let condition = self.or()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.or()?;
        self.expect(":")?;
        let no = self.choice()?;
        Ok(Node::Choice(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn or(&mut self) -> Result<Node, String> {
        let mut left = self.and()?;
        while self.take("||") {
            left = Node::Binary(Operator::Or, Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, String> {
        let mut left = self.relation()?;
        while self.take("&&") {
            left = Node::Binary(Operator::And, Box::new(left), Box::new(self.relation()?));
        }
        Ok(left)
    }

    fn relation(&mut self) -> Result<Node, String> {
        let mut left = self.sum()?;
        loop {
            let operator = match self.tokens.get(self.at) {
                Some(Token::Symbol("==")) => Operator::Equal,
                Some(Token::Symbol("!=")) => Operator::NotEqual,
                Some(Token::Symbol("<")) => Operator::Less,
                Some(Token::Symbol("<=")) => Operator::LessOrEqual,
                Some(Token::Symbol(">")) => Operator::More,
                Some(Token::Symbol(">=")) => Operator::MoreOrEqual,
                Some(Token::Name(name)) if name == "in" => Operator::In,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Node::Binary(operator, Box::new(left), Box::new(self.sum()?));
        }
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.take("+") {
                Operator::Add
            } else if self.take("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            left = Node::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.take("!") {
            return Ok(Node::Not(Box::new(self.unary()?)));
        }
        if self.take("-") {
            return Ok(Node::Negate(Box::new(self.unary()?)));
        }
        self.member()
    }

    fn member(&mut self) -> Result<Node, String> {
        let mut node = self.primary()?;
        loop {
            if self.take(".") {
                let name = self.name()?;
                node = if self.take("(") { self.call(node, name)? } else { Node::Field(Box::new(node), name) };
            } else if self.take("[") {
                let index = self.choice()?;
                self.expect("]")?;
                node = Node::Index(Box::new(node), Box::new(index));
            } else {
                return Ok(node);
            }
        }
    }

    fn call(&mut self, target: Node, name: String) -> Result<Node, String> {
        let macro_name = match name.as_str() {
            "all" => Some(Macro::All),
            "exists" => Some(Macro::Exists),
            "exists_one" => Some(Macro::ExistsOne),
            "filter" => Some(Macro::Filter),
            "map" => Some(Macro::Map),
            _ => None,
        };
        if let Some(macro_name) = macro_name {
            let variable = self.name()?;
            self.expect(",")?;
            let body = self.choice()?;
            self.expect(")")?;
            return Ok(Node::Macro(macro_name, Box::new(target), variable, Box::new(body)));
        }
        let arguments = self.list(")")?;
        let wanted = match name.as_str() {
            "size" => 0,
            "startsWith" | "endsWith" | "contains" | "matches" => 1,
            _ => return Err(format!("the function `{name}` is not understood")),
        };
        if arguments.len() != wanted {
            return Err(format!("`{name}` takes {wanted} argument(s)"));
        }
        Ok(Node::Call(name, Box::new(target), arguments))
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.choice()?);
        }
        Ok(items)
    }

    fn primary(&mut self) -> Result<Node, String> {
        if self.take("(") {
            let inner = self.choice()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            return Ok(Node::List(self.list("]")?));
        }
        match self.tokens.get(self.at).cloned() {
            Some(Token::Literal(value)) => {
                self.at += 1;
                Ok(Node::Literal(value))
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                if !self.take("(") {
                    return Ok(Node::Name(name));
                }
                let mut arguments = self.list(")")?;
                match (name.as_str(), arguments.len(), arguments.pop()) {
                    ("has", 1, Some(Node::Field(target, field))) => Ok(Node::Has(target, field)),
                    ("size", 1, Some(target)) => Ok(Node::Call(name, Box::new(target), Vec::new())),
                    _ => Err(format!("the function `{name}` is not understood")),
                }
            }
            _ => Err("the rule ends too early".to_owned()),
        }
    }
}
